# Rings, drain and stores when things go wrong or change: restarts, other worker counts, a live
# store that is gone, full or of another journal, a journal that cannot be written, two nginx on
# one store, one process for everything.

use strict;
use warnings;
use lib 't/lib';
use Senda::Test;
use Test::More;
use Time::HiRes qw(time);

my $rules = <<'END';
site shop.test
page home
match GET /
page cart
match GET /cart
tag buyer cart 3
END
my %conf = (server => 'location / { return 200 "$senda_visits_home $senda_visits_cart"; }');

# Visitors who are known, and one visit more of each: what all of them must have.
sub visitors {
    my ($t, $n, $visits) = @_;
    my @jars;
    for (1 .. $n) {
        my $jar = {};
        $t->get('/', jar => $jar) for 1 .. $visits // 2;
        push @jars, $jar;
    }
    return @jars;
}

sub sums {
    my ($t) = @_;
    my %sum;
    for my $v (values %{ $t->counts }) { $sum{$_} += $v->{$_} for keys %$v; }
    return \%sum;
}

subtest 'other worker counts' => sub {
    my $t = Senda::Test->new;
    $t->publish($rules);
    $t->start(%conf, workers => 4);
    my @jars = visitors($t, 10);
    for my $workers (1, 3, 2) {
        $t->reload(%conf, workers => $workers);
        $t->wait_for(sub { $t->workers == $workers && !$t->named('shutting') }, "$workers workers");
        $t->get('/cart', jar => $_) for @jars;
    }
    $t->wait_drained;
    is_deeply(sums($t), { any => 50, home => 20, cart => 30, '+buyer' => 10 }, 'nothing is lost');
    my @rings = glob $t->live . '/ring.*';
    cmp_ok(scalar(@rings), '<=', 8, 'rings of those who left are used again: ' . @rings);
    my $start = time;
    $t->stop('QUIT');
    cmp_ok(time - $start, '<', 3, 'nobody is held up at the end');
    $t->finish;
};

subtest 'rings outlive everything' => sub {
    my $t = Senda::Test->new;
    $t->allow('exited on signal');
    $t->publish($rules);
    $t->start(%conf, workers => 2);
    my @jars = visitors($t, 5);
    $t->wait_drained;
    my $drain = $t->drain;
    kill STOP => $drain;
    $t->get('/cart', jar => $_) for @jars, @jars;
    cmp_ok($t->rings->{backlog}, '>', 0, 'visits lie in the rings');
    $t->remember;
    my @children = $t->children;
    kill KILL => $t->{pid};
    kill KILL => @children;
    waitpid $t->{pid}, 0;
    $t->wait_for(sub { !grep { Senda::Test::alive($_) } @children }, 'all are dead');
    $t->{pid} = 0;
    $t->start(%conf, workers => 2);
    $t->wait_drained;
    is_deeply(sums($t), { any => 20, home => 10, cart => 10 }, 'drained after the restart');
    is(scalar(grep { $_->{keys} eq 'cart' } $t->journal), 10, 'each once in the journal');
    $t->finish;
};

subtest 'live/ is made anew from the journal' => sub {
    my $t = Senda::Test->new;
    $t->publish($rules);
    $t->start(%conf, main => 'error_log error.log warn;');
    my @jars = visitors($t, 20);
    $t->get('/cart', jar => $_) for @jars, @jars, @jars;
    $t->wait_drained;
    my $before = $t->counts;
    $t->stop;
    unlink glob $t->live . '/*.mdb';
    $t->start;
    $t->wait_for(sub { (sums($t)->{any} // 0) == 100 }, 'rebuilt');
    is_deeply($t->counts, $before, 'the same');
    is($t->get('/cart', jar => $jars[0])->body, '2 4', 'and it goes on');
    $t->wait_drained;
    is(sums($t)->{any}, 101, 'counted');

    # Another journal: what live/ has does not belong to it.
    $t->stop;
    unlink glob $t->store . '/journal/*.mdb';
    $t->start;
    $t->wait_for(sub { $t->error_log =~ /does not belong to this journal/ }, 'it is seen');
    is($t->get('/cart', jar => $jars[0])->body, '0 1', 'a new beginning');
    $t->wait_drained;
    is_deeply(sums($t), { any => 1, cart => 1 }, 'with what came since');
    $t->finish;
};

subtest 'live/ is full' => sub {
    my $t = Senda::Test->new;
    $t->publish($rules);
    $t->start(%conf, store => "senda_store store live=run/live size=1m new_visitors=0; senda_key store/nginx.key;");
    my $client = $t->run($t->tool('tool_load'), $t->port, 'shop.test', $t->store . '/nginx.key',
        'senda', 6000, 18_000, 16, '/', '/cart');
    like($client, qr/^total 18000 0$/m, 'every page is served');
    $t->wait_drained;
    cmp_ok(scalar(grep { $_->{flags} & 2 } $t->journal), '>=', 18_000,
        'the journal has every visit');
    like($t->error_log, qr/senda: live store: .*full/, 'it is said');
    cmp_ok(scalar(() = $t->error_log =~ /senda: live store/g), '<', 20, '… not for each batch');
    $t->finish;
};

subtest 'the journal cannot be written' => sub {
    my $t = Senda::Test->new;
    $t->publish($rules);
    chmod 0, $t->store . '/journal';
    chown 0, 0, $t->store . '/journal' if $> == 0;
    $t->start(%conf);
    my @jars = visitors($t, 5);
    $t->wait_for(sub { $t->error_log =~ /senda: drain: cannot open/ }, 'it is said');
    is($t->get('/', jar => $jars[0])->status, 200, 'pages are served');
    cmp_ok($t->rings->{backlog}, '>', 0, 'the rings keep what there is');
    my $gid = $> == 0 ? (getgrnam('www-data'))[2] : -1;
    chown -1, $gid, $t->store . '/journal';
    chmod 02770, $t->store . '/journal';
    $t->wait_drained(40);
    is(sums($t)->{any}, 11, 'all of it is there when it can be written again');
    $t->finish;
};

subtest 'a ring that is full' => sub {
    my $t = Senda::Test->new;
    $t->publish($rules);
    $t->start(%conf);
    my ($jar) = visitors($t, 1);
    $t->wait_drained;
    my $drain = $t->drain;
    kill STOP => $drain;
    my $out = $t->run($t->tool('tool_load'), $t->port, 'shop.test', $t->store . '/nginx.key',
        'senda', 50, 150_000, 16, '/cart');
    like($out, qr/^total 150000 0$/m, 'every page is served');
    my $rings = $t->rings;
    cmp_ok($rings->{full}, '>', 0, "dropped and counted: $rings->{full}");
    kill CONT => $drain;
    $t->wait_drained(30);
    my $sum = sums($t);
    my $landings = grep { $_->{flags} & 1 } $t->journal;
    cmp_ok($sum->{cart}, '>', 50_000, 'the rest is kept');
    cmp_ok($sum->{cart} + $rings->{full}, '>=', 150_000, 'nothing vanished without being counted');
    is($landings, 51, 'each landing once');
    $t->finish;
};

subtest 'two nginx on one store' => sub {
    my $t = Senda::Test->new;
    $t->publish($rules);
    $t->start(%conf, main => 'error_log error.log info;');
    my @jars = visitors($t, 3);
    $t->wait_drained;
    my $other = bless { %$t, port => Senda::Test::free_port(), seen => {}, pid => 0 }, 'Senda::Test';
    $other->write_conf(%conf, main => 'error_log other.log info;');
    my $text = Senda::Test::slurp($t->dir . '/nginx.conf') =~ s/nginx\.pid/other.pid/r;
    Senda::Test::spew($t->dir . '/other.conf', $text);
    $other->{command} = [Senda::Test->nginx, '-p', $t->dir . '/', '-c', $t->dir . '/other.conf', '-e',
        $t->dir . '/other.log'];
    $other->start;
    $other->get('/cart', jar => $_) for @jars;
    $t->get('/cart', jar => $_) for @jars;
    $t->wait_drained;
    is(sums($t)->{cart}, 6, 'one drain takes the rings of both');
    unlike(Senda::Test::slurp($t->dir . '/other.log'), qr/this process drains/, 'the first one');
    $t->stop;
    $other->get('/cart', jar => $_) for @jars;
    $other->wait_drained;
    is(sums($t)->{cart}, 9, 'when it ends, the other goes on');
    $other->stop;
    $other->{finished} = 1;
    $t->finish;
};

subtest 'one process for everything' => sub {
    my $t = Senda::Test->new;
    $t->publish($rules);
    my %single = (%conf, main => 'master_process off;');
    $t->start(%single);
    my @jars = visitors($t, 5, 3);
    $t->wait_drained;
    is_deeply(sums($t), { any => 15, home => 15 }, 'drained from a timer');
    is($t->get('/', jar => $jars[0])->body, '4 0', 'and read through the same handle');
    $t->wait_drained;
    my $start = time;
    $t->stop('QUIT');
    cmp_ok(time - $start, '<', 3, 'the timer keeps nobody from ending');
    is(sums($t)->{home}, 16, 'nothing is lost');
    $t->finish;
};

done_testing();
