# How long a start takes with many visitors: with live/ there, after a start of the machine from a
# copy of live/ and the journal's tail, and from the journal alone. Pages are served all the while.
#
#     perl -It/lib tests/bench_life.pl [VISITORS]     10 million if not said; 4 GB of memory
#
# SENDA_BUILD is the folder of the build.

use strict;
use warnings;
use lib 't/lib';
use File::Path qw(remove_tree);
use Senda::Test;
use Test::More;
use Time::HiRes qw(time);

my $visitors = shift // 10_000_000;
my $tail = int($visitors / 20);
my $gigabytes = int($visitors / 2_500_000) + 1;
my $t = Senda::Test->new;
my $now = int time;
$t->{default_live} = 1;

sub store { "senda_store store size=${gigabytes}g snapshot=$_[0]; senda_key store/nginx.key;" }
sub board { my ($name) = @_; return $t->run($t->tool('tool_life'), 'board', $t->live, $name) + 0 }
sub visits { $t->run($t->tool('tool_life'), 'visits', $t->store, @_);
    $t->run('/bin/chgrp', 'www-data', glob $t->store . '/journal/*') if $> == 0; }

# From the start of nginx: the first page, and until live/ has all of the journal; the slowest page meanwhile.
sub start {
    my ($what, $snapshot) = @_;
    my $begun = time;
    $t->start(main => 'error_log error.log notice;', store => store($snapshot),
        server => 'location / { return 200 "$senda_visits_home"; }');
    $t->get('/');
    my $served = time - $begun;
    my ($slowest, $pages) = (0, 0);
    my $done = $t->until(1200, sub {
        my $asked = time;
        die 'a page is not served' unless $t->get('/', jar => { })->status == 200;
        my $took = time - $asked;
        $slowest = $took if $took > $slowest;
        $pages++;
        my $head = eval { board('journal_head') } || return;
        return board('live_applied') >= $head;
    });
    printf "%-44s first page %.2f s, live/ level after %.1f s, slowest of %d pages %.0f ms\n", $what,
        $served, time - $begun, $pages, $slowest * 1000;
    print map { "    $_\n" } $t->error_log =~ /(put back from its copy.*|made anew.*)/g;
    unlink $t->dir . '/error.log';
    die 'not level' unless $done;
}

$| = 1;
$t->publish("site shop.test\npage home\nmatch GET /\n");
visits($visitors, $visitors, $now - 86400 * 30, $now);
printf "%d visitors, journal of %d MB\n", $visitors, (-s $t->store . '/journal/data.mdb') >> 20;
start('from the journal alone', '0');
$t->stop;
start('live/ is there', '1s');
my $begun = time;
$t->wait_for(sub { -e $t->store . '/journal/snapshot.mdb' }, 'a copy', 600);
printf "%-44s %.1f s after that start, %d MB; longest commit %d ms\n", 'a copy of live/', time - $begun,
    (-s $t->store . '/journal/snapshot.mdb') >> 20, board('commit_microseconds_max') / 1000;
$t->stop;
visits($tail, $tail, $now, $now + 1);
remove_tree($t->live);
start("from the copy and $tail visits of the journal", '0');
$t->stop;
remove_tree($t->live);
$t->done;
