# F1: random workers are killed, 20 a second, at 500 requests a second. What entered a ring is kept;
# at most one answered visit a killed worker is missing (its log phase had not run); nobody hangs.

use strict;
use warnings;
use lib 't/lib';
use Senda::Load;
use Senda::Test;
use Test::More;
use Time::HiRes qw(time);

my $seconds = full(5, 60);
my ($requests, $kills) = (500 * $seconds, 20 * $seconds);

my $t = Senda::Test->new;
$t->allow('exited on signal 9');
$t->publish($Senda::Load::rules);
$t->start(%Senda::Load::conf, workers => 4);
my $load = Senda::Load->new($t, visitors => 250, requests => $requests, rate => 500);

my ($killed, $next) = (0, time);
while ($killed < $kills && $load->runs) {
    $load->look($next - time) while time < $next && $load->runs;
    $next += 0.05;
    my @workers = $t->workers or next;
    kill KILL => $workers[rand @workers] and $killed++;
}
my $r = $load->compare;
is($r->{answered} + $r->{broken}, $requests, "$requests requests");
cmp_ok($killed, '>', $kills / 2, "$killed workers were killed");
cmp_ok($r->{answered}, '>', $requests * 0.9, "$r->{answered} answered, $r->{broken} broken");
cmp_ok($r->{missing}, '<=', $killed, "at most one is missing for each killed worker: $r->{missing}");
$load->check($r);
figure('F1', "$killed workers killed at 500 requests a second: $r->{missing} answered but missing, "
    . "$r->{extra} twice, $r->{late} hangs (longest answer $r->{slowest} ms)");
$t->done;
