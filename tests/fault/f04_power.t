# F4, journal: the power is cut. What nginx's drain writes under load is recorded and replayed to
# random points, each block since the last sync kept or lost for itself. Every image opens, holds
# what was journalled without a gap, lacks at most the last commit, and is written on.

use strict;
use warnings;
use lib 't/lib';
use Senda::Load;
use Senda::Test;
use Test::More;

my ($images, $requests) = (full(100, 1000), full(4_000, 40_000));
my $t = Senda::Test->new;
my $log = $t->dir . '/run/writes';
$t->publish($Senda::Load::rules);
{
    local $ENV{LD_PRELOAD} = join ' ', $t->tool('preload_record.so'), $ENV{LD_PRELOAD} // ();
    local $ENV{SENDA_RECORD_FILE} = $t->store . '/journal/data.mdb';
    local $ENV{SENDA_RECORD_LOG} = $log;
    # nginx gives its processes only what of the environment it is told to.
    $t->start(%Senda::Load::conf,
        main => 'env LD_PRELOAD; env SENDA_RECORD_FILE; env SENDA_RECORD_LOG;');
}
my $load = Senda::Load->new($t, visitors => 200, requests => $requests, rate => full(2000, 2000));
my $r = $load->compare;
is($r->{missing} + $r->{extra}, 0, 'the journal is written as ever');
my $visits = () = $t->journal;
$t->stop;

my $scratch = $t->dir . '/image';
mkdir $scratch;
my ($out, $status) = $t->try_run($t->tool('tool_power'), $log, $scratch, $images, 7);
my %n = $out =~ /^images/m ? $out =~ /(\w+) (\d+)/g : ();
is($status, 0, 'every image is good') or diag $out;
is($n{images}, $images, "$images images");
is($n{visits}, $visits, "the record is whole: $visits visits");
cmp_ok($n{commits} // 0, '>', 50, 'many commits');
cmp_ok($n{behind} // 0, '>', 0, 'some cuts cost the last commit');
figure('F4', "journal: $n{images} images of $n{commits} commits: $n{bad} bad, $n{behind} lost the last "
    . "group commit, none more");
$t->done;
