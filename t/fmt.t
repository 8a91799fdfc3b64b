# senda fmt on files: in place and in one step, with the mode they had; --check
# and standard input change nothing; mistakes are said and leave a file alone.

use strict;
use warnings;
use File::Temp qw(tempdir);
use Test::More;

my $build = $ENV{SENDA_BUILD} // 'build';
my $fmt = "$build/senda fmt";
my $dir = tempdir(CLEANUP => 1);

sub slurp { local (@ARGV, $/) = @_; <> }

sub spill {
    my ($file, $text) = @_;
    open my $fh, '>', $file or die "$file: $!";
    print {$fh} $text;
    close $fh or die "$file: $!";
    return $file;
}

sub run {
    my ($command) = @_;
    my $out = qx{$command 2>$dir/err};
    return ($? >> 8, $out, slurp("$dir/err") // '');
}

my $loose = "page cart /cart is view_cart\nPAGE   home /\n";
my $tight = "page cart  /cart is view_cart\npage home  /\n";
my $file = spill("$dir/a.senda", $loose);
chmod 0640, $file or die $!;

my ($status, $out, $err) = run("$fmt --check $file");
is("$status $out$err", "1 $file\n", '--check names what would change');
is(slurp($file), $loose, 'and changes nothing');

($status, $out, $err) = run("$fmt $file");
is("$status $out$err", '0 ', 'in place');
is(slurp($file), $tight, 'the canonical form');
is((stat $file)[2] & 07777, 0640, 'the mode stays');
is_deeply([ sort map { s{.*/}{}r } glob "$dir/*" ], [ 'a.senda', 'err' ], 'nothing is left beside it');

my @before = stat $file;
($status, $out) = run("$fmt --check $file");
is("$status $out", '0 ', '--check is content');
run("$fmt $file");
is((stat $file)[1], $before[1], 'a canonical file is not written again');

symlink 'a.senda', "$dir/link" or die $!;
($status) = run("$fmt --to es $dir/link");
is($status, 0, 'through a link');
ok(-l "$dir/link", 'which stays one');
like(slurp($file), qr{^p\xC3\xA1gina cart  /cart es view_cart$}m, 'in Spanish');
run("$fmt --to en $file");
is(slurp($file), $tight, 'there and back');

my $shop = "site shop.example.com\n  language fr\npage cart /cart\n";
spill($file, $shop);
run("$fmt --to es $file");
is(slurp($file), "sitio shop.example.com\n  idioma fr\np\xC3\xA1gina cart /cart\n",
    "the shop's language is none of fmt's business");
run("$fmt $file");
like(slurp($file), qr{^  idioma fr$}m, 'nor are its words those of another because of it');

spill($file, $loose);
($status, $out) = run("$fmt - <$file");
is("$status $out", "0 $tight", 'standard input to standard output');
($status, $out) = run("$fmt --check - <$file");
is("$status $out", "1 -\n", 'or only whether it would change');
is(slurp($file), $loose, 'a file that is only read');

my $bad = spill("$dir/bad.senda", "paeg cart /cart\n");
($status, $out, $err) = run("$fmt $bad $file");
is($status, 1, 'mistakes');
is($out, '', 'are nothing for standard output');
like($err, qr/bad\.senda:1:1: error: /, 'with their place');
is(slurp($bad), "paeg cart /cart\n", 'the file is left as it is');
is(slurp($file), $tight, 'the other file is done');

($status, $out, $err) = run("$fmt $dir/none.senda");
is($status, 2, 'no such file');
like($err, qr/none\.senda/, 'is named');
is((run("$fmt --to fr $file"))[0], 2, 'no such language');
is((run($fmt))[0], 2, 'no file at all');

SKIP: {
    skip 'root writes everywhere', 2 if $> == 0;
    mkdir "$dir/closed" or die $!;
    my $kept = spill("$dir/closed/a.senda", $loose);
    chmod 0555, "$dir/closed" or die $!;
    is((run("$fmt $kept"))[0], 2, 'a folder that cannot be written');
    is(slurp($kept), $loose, 'keeps its file whole');
    chmod 0755, "$dir/closed" or die $!;
}

done_testing();
