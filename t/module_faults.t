# What goes away or changes under a running nginx: the live directory, a store that is made anew,
# a journal that cannot be written for a while, rules that nobody has published, another
# configuration for one process that does everything. Pages are served, and nothing is lost for good.

use strict;
use warnings;
use lib 't/lib';
use File::Path qw(remove_tree);
use Senda::Test;
use Test::More;
use Time::HiRes qw(time);

my $rules = <<'END';
site shop.test
page home
match GET /
page cart
match GET /cart
END
my %conf = (server => 'location / { return 200 "$senda_visits_home $senda_visits_cart"; }');

sub sum {
    my ($t, $page) = @_;
    my $sum = 0;
    $sum += $_->{$page} // 0 for values %{ $t->counts };
    return $sum;
}

# A visitor who is known.
sub visitor {
    my ($t) = @_;
    my $jar = {};
    $t->get('/', jar => $jar) for 1 .. 2;
    $t->wait_drained;
    return $jar;
}

subtest 'live/ is removed under running workers' => sub {
    my $t = Senda::Test->new;
    $t->publish($rules);
    $t->start(%conf);
    my $jar = visitor($t);
    for my $part ('/*.mdb', '/ring.*', '') {
        my $before = grep { $_->{keys} eq 'cart' } $t->journal;
        remove_tree(glob $t->live . $part);
        $t->get('/cart', jar => $jar) for 1 .. 3;
        $t->wait_for(sub { (grep { $_->{keys} eq 'cart' } $t->journal) == $before + 3 },
            "without live$part: journalled all the same");
        $t->wait_for(sub { $t->get('/style', jar => $jar);
            my @rings = glob $t->live . '/ring.*';
            @rings && -e $t->live . '/data.mdb' }, "live$part is made anew");
        $t->get('/cart', jar => $jar) for 1 .. 2;
        $t->wait_for(sub { sum($t, 'cart') == $before + 5 }, 'and rebuilt, with what came since');
        $t->wait_for(sub { $t->get('/', jar => $jar)->body =~ / @{[ $before + 5 ]}$/ },
            'workers read it');
        pass("live$part");
    }
    like($t->error_log, qr/senda: live store "\S+" was removed/, 'the drain says it');
    like($t->error_log, qr/senda: this worker's ring was removed/, 'the worker says it');
    $t->finish;
};

subtest 'a ring that could not be had at first' => sub {
    my $t = Senda::Test->new;
    $t->publish($rules);
    Senda::Test::spew($t->live, 'a file in the way');
    $t->start(%conf);
    is($t->get('/')->status, 200, 'pages are served');
    like($t->error_log, qr/senda: nothing is recorded: "\S+" is no directory/, 'said');
    unlink $t->live;
    my $jar = {};
    $t->wait_for(sub { $t->get('/cart', jar => $jar); -d $t->live && sum($t, 'cart') }, 'later it is');
    pass('recorded without a restart');
    $t->finish;
};

subtest 'published/ is made anew' => sub {
    my $t = Senda::Test->new;
    is($t->publish($rules), 1, 'generation 1');
    $t->start(%conf);
    visitor($t);
    unlink glob $t->store . '/published/*.mdb';
    is($t->publish($rules . "page heels\nmatch GET /heels\n"), 1, 'again generation 1, of other rules');
    my $jar = {};
    ok($t->until(5, sub { $t->get('/heels', jar => $jar); grep { $_->{keys} =~ /heels/ } $t->journal }),
        'they are taken over');
    $t->finish;
};

subtest 'a journal that cannot be written for a while' => sub {
    my $t = Senda::Test->new;
    my $journal = $t->store . '/journal';
    $t->publish($rules);
    chmod 0, $journal;
    chown 0, 0, $journal if $> == 0;
    $t->start(%conf);
    my @jars = map { my $jar = {}; $t->get('/', jar => $jar); $jar } 1 .. 20;
    my $end = time + 8;
    $t->wait_for(sub { $t->get('/', jar => $jars[0]); time > $end }, 'a while', 12);
    $t->get('/cart', jar => $_) for @jars;
    cmp_ok(scalar(() = $t->error_log =~ /senda: drain: cannot open/g), '<=', 2, 'said, not again and again');
    chown -1, (getgrnam('www-data'))[2], $journal if $> == 0;
    chmod 02770, $journal;
    my $start = time;
    $t->wait_for(sub { -e "$journal/data.mdb" && $t->drained }, 'drained', 40);
    cmp_ok(time - $start, '<', 5, 'well again within 5 s');
    is(sum($t, 'cart'), 20, 'nothing is lost');
    $t->finish;
};

subtest 'no rules were ever published' => sub {
    my $t = Senda::Test->new;
    $t->start(%conf, workers => 2);
    $t->wait_for(sub { $t->get('/'); $t->error_log =~ /senda: no rules are published in "\S+", / },
        'it is said');
    is(scalar(() = $t->error_log =~ /no rules are published/g), 1, 'once');
    $t->publish($rules);
    visitor($t);
    pass('then they are there');
    $t->finish;
};

subtest 'one process for everything takes another configuration' => sub {
    my $t = Senda::Test->new;
    $t->publish($rules);
    my %single = (%conf, main => 'master_process off;');
    $t->start(%single);
    my $jar = visitor($t);
    $t->write_conf(%single, store => "senda_store store live=run/other size=8m; senda_key store/nginx.key;");
    kill HUP => $t->{pid};
    # nginx itself answers nothing more after this (it makes no new connections in that mode).
    ok($t->until(10, sub { -e $t->dir . '/run/other/data.mdb' }),
        'the drain goes by the settings of the new cycle, not by freed ones');
    $t->finish;
};

subtest 'files for the group' => sub {
    my $t = Senda::Test->new;
    $t->publish($rules);
    $t->start(%conf);
    visitor($t);
    for my $file (glob $t->store . '/journal/*') {
        is(sprintf('%o', (stat $file)[2] & 07777), '660', $file =~ s{.*/}{}r);
    }
    $t->finish;
};

done_testing();
