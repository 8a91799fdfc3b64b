#!/usr/bin/perl

# senda check --sample: how often each page of the rules is hit by an access log, which are not, and
# what no page names; for people, for editors, from a packed log and from standard input.

use strict;
use warnings;

use File::Temp qw(tempdir);
use JSON::PP;
use Test::More;

my $senda = ($ENV{SENDA_BUILD} // 'build') . '/senda';
my $data = 'tests/data';
my $tmp = tempdir(CLEANUP => 1);

plan skip_all => "no $senda" unless -x $senda;

sub slurp { open my $fh, '<', $_[0] or die "$_[0]: $!"; local $/; return <$fh> }
sub spew { open my $fh, '>', $_[0] or die "$_[0]: $!"; print $fh $_[1]; close $fh or die "$_[0]: $!" }

sub run {
    my ($command) = @_;
    my $out = qx{$command 2>$tmp/err};
    return ($out, $? >> 8, slurp("$tmp/err"));
}

my $small = "$data/small.senda";
my $log = "$data/small.log";
my ($out, $status, $err) = run("$senda check --sample $log $small");
is($status, 0, 'no mistakes') or diag($out, $err);
like($out, qr/^\Q$log\E: \d+ lines, \d+ visits, \d+ that are none of a log$/m, 'what was read');
my %hits = $out =~ /^  (\S+) +(\d+)$/mg;

# The same pages as replay counts them.
my $replay = decode_json(scalar qx{$senda replay --json --rules $small $log});
is($hits{$_}, $replay->{pages}{$_}{visits}, "$_ is hit as often as replay says") for sort keys %{ $replay->{pages} };
like($out, qr/^\d+ visits to no page; the most frequent:\n(?:  \S+ +\d+\n)+/m, 'and what no page names');
like($out, qr{^  /search +1$}m, 'a search for nothing') or diag($out);
unlike($out, qr/style\.css|elsewhere/, 'pictures, styles and other forms are no visits');
unlike($out, qr/No line of the log hits/, 'all are hit');

spew("$tmp/shop.senda", slurp($small) =~ s/^page cart .*\n/$&page never     \/never*\npage other     POST \/cart\n/mr);
($out, $status) = run("$senda check --sample $log $tmp/shop.senda");
is($status, 0, 'a page that is not hit is a warning');
my ($line) = grep { (split /\n/, slurp("$tmp/shop.senda"))[$_ - 1] =~ /^page never/ } 1 .. 30;
like($out, qr{^\Q$tmp\E/shop\.senda:$line:1: warning: No line of the log hits the page "never"\.$}m, 'with its place');
like($out, qr{^\Q$tmp\E/shop\.senda:@{[ $line + 1 ]}:1: warning: .* "other"\.$}m, 'also a form that nobody sent');
like($out, qr/^  never +0$/m, 'and its 0');
like($out, qr/^1 file: 0 errors, \d+ warnings$/m, 'they are counted') or diag($out);

spew("$tmp/tienda.senda", slurp("$tmp/shop.senda") =~ s/language en/language es/r);
($out) = run("$senda check --sample $log $tmp/tienda.senda");
like($out, qr/aviso: Ninguna línea del registro pasa por la página "never"\./, 'in the language of the file');
like($out, qr/^\Q$log\E: \d+ líneas, \d+ visitas/m, 'all of it');

my $json = decode_json((run("$senda check --json --sample $log $tmp/shop.senda"))[0]);
is(ref $json->{mistakes}, 'ARRAY', 'for editors: the list as ever');
is_deeply([map { $_->{line} } grep { $_->{message} =~ /No line of the log/ } @{ $json->{mistakes} }], [$line, $line + 1], 'with the warnings');
my ($sample) = @{ $json->{samples} };
is($sample->{log}, $log, 'the log');
my %visits = map { $_->{name} => $_->{visits} } @{ $sample->{pages} };
is($visits{home}, $hits{home}, 'pages');
is($visits{never}, 0, 'also those never hit');
cmp_ok(scalar @{ $sample->{paths} }, '<=', 10, 'at most ten paths');
is(ref decode_json((run("$senda check --json $tmp/shop.senda"))[0]), 'ARRAY', 'without a sample the list alone');

# More than ten paths, in order; names that a terminal must not see.
my $agent = '"-" "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"';
my $lines = '';
for my $i (1 .. 15) {
    $lines .= qq{203.0.113.7 - - [01/Jun/2026:10:00:00 +0200] "GET /p$i HTTP/1.1" 200 5 $agent\n} for 1 .. $i;
}
$lines .= qq{203.0.113.7 - - [01/Jun/2026:10:00:00 +0200] "GET /x%E2%80%AEy HTTP/1.1" 200 5 $agent\n} for 1 .. 20;
spew("$tmp/many.log", $lines);
($out) = run("$senda check --sample $tmp/many.log $small");
is(join(' ', $out =~ m{^  (/\S+) +\d+$}mg), join(' ', '/x?y', map { "/p$_" } reverse 7 .. 15), 'the ten most frequent, printable');

my $plain = (run("$senda check --sample $log $small"))[0];
system("gzip -c $log >$tmp/small.log.gz") == 0 or die 'gzip';
is((run("$senda check --sample $tmp/small.log.gz $small"))[0] =~ s/^\S+small\.log\.gz:/$log:/mr, $plain, 'a packed log');
is((run("$senda check --sample - $small <$log"))[0] =~ s/^-:/$log:/mr, $plain, 'standard input');

(undef, $status, $err) = run("$senda check --sample - $small $small <$log");
is($status, 2, 'standard input for two files');
like($err, qr/can be read once/, 'is refused with the reason');
(undef, $status, $err) = run("$senda check --sample $tmp/none.log $small");
is($status, 2, 'a log that cannot be read');
like($err, qr/none\.log/, 'is named');
spew("$tmp/bad.senda", slurp($small) . "page\n");
($out, $status) = run("$senda check --sample $log $tmp/bad.senda");
is($status, 1, 'with mistakes');
unlike($out, qr/visits to no page/, 'the log is not looked at');
spew("$tmp/empty.log", '');
($out, $status) = run("$senda check --sample $tmp/empty.log $small");
is($status, 0, 'an empty log');
like($out, qr/^\Q$tmp\E\/empty\.log: 0 lines, 0 visits$/m, 'hits nothing');

done_testing();
