# F2: the drain is killed in the middle of commits. The next one recovers, nobody hangs, counts are
# exact. A commit is seen from outside: the process is inside one of the calls that write a store.

use strict;
use warnings;
use lib 't/lib';
use Senda::Load;
use Senda::Test;
use Test::More;
use Time::HiRes qw(time);

my $kills = full(8, 200);
# pwrite64, writev, msync, fsync, fdatasync, pwritev
my %commit = $^O eq 'linux' && `uname -m` =~ /x86_64/ ? map { $_ => 1 } 18, 20, 26, 74, 75, 296 : ();

# Whether the process is inside such a call.
sub commits {
    my ($pid) = @_;
    open my $fh, '<', "/proc/$pid/syscall" or return 0;
    return (<$fh> // '') =~ /^(\d+) / && $commit{$1};
}

my $t = Senda::Test->new;
$t->allow('exited on signal 9');
$t->publish($Senda::Load::rules);
$t->start(%Senda::Load::conf);
my $load = Senda::Load->new($t, requests => $kills * 500, rate => 1000);

my ($killed, $inside, $last) = (0, 0, 0);
while ($killed < $kills && $load->runs) {
    my $drain = $t->drain;
    $load->look(0.002), next if !$drain || $drain == $last;
    my $until = time + 0.4;
    my $seen;
    1 until ($seen = commits($drain)) || time > $until;
    next unless kill KILL => $drain;
    $killed++;
    $inside++ if $seen;
    $last = $drain;
}
my $r = $load->compare;
is($killed, $kills, "the drain was killed $kills times");
cmp_ok($inside, '>', $kills / 10, "$inside times inside a commit") if %commit;
is($r->{missing}, 0, 'no visit is missing');
$load->check($r);
is(scalar(grep { $_->{flags} & 2 } $t->journal), $r->{answered}, 'the journal holds each visit once');
figure('F2', "$killed kills of the drain, $inside of them inside a commit: $r->{missing} missing, "
    . "$r->{extra} twice, $r->{late} hangs over 1 s (longest answer $r->{slowest} ms)");
$t->done;
