# The life of a server: a reload with another store or live folder while old workers still serve, a
# stop, two nginx on the same folders, containers, what is kept for how long, copies of live/, new
# visitors beyond a bound.

use strict;
use warnings;
use lib 't/lib';
use File::Path qw(remove_tree);
use Senda::Test;
use Test::More;
use Time::HiRes qw(time);

my $rules = "site shop.test\npage home\nmatch GET /\npage cart\nmatch GET /cart\npage heels\nmatch GET /heels\n";
my %conf = (main => 'error_log error.log notice;',
    server => 'location / { return 200 "$senda_visits_home $senda_visits_cart"; }');

sub store {
    my ($more) = @_;
    return "senda_store $more; senda_key store/nginx.key;";
}

sub life { my ($t, @command) = @_; return $t->run($t->tool('tool_life'), @command); }
sub board { my ($t, $name) = @_; return life($t, 'board', $t->live, $name) + 0; }
sub cells { my ($t) = @_; return { map { $_ => board($t, $_) } qw(flood repeated) }; }

sub pages {
    my ($t, $page) = @_;
    return scalar grep { $_->{flags} & 2 && (!$page || $_->{keys} =~ /\b$page\b/) } $t->journal;
}

# A visitor who is known, on a connection that stays.
sub guest {
    my ($t) = @_;
    my $jar = {};
    $t->get('/', jar => $jar) for 1 .. 2;
    $t->wait_drained;
    return ($jar, $t->connect);
}

subtest 'another live folder, while an old worker serves on' => sub {
    my $t = Senda::Test->new;
    $t->publish($rules);
    $t->start(%conf);
    my ($jar, $kept) = guest($t);
    $t->get('/cart', jar => $jar, socket => $kept);
    my $before = pages($t, 'cart');
    $t->reload(%conf, store => store('store live=run/other size=8m new_visitors=0'));
    # The old worker closes idle connections: the next request of a kept one may be lost, or only its
    # answer, and is then asked again.
    my $body = eval { $t->get('/cart', jar => $jar, socket => $kept)->body } // '';
    my $least = $before + ($body ne '' ? 2 : 1);
    $t->get('/cart', jar => $jar);
    $t->wait_for(sub { pages($t, 'cart') >= $least }, 'what was answered is journalled');
    $t->wait_for(sub { $t->get('/heels', jar => $jar)->body =~ / (\d+)$/ && $1 == pages($t, 'cart') },
        'and all of it is counted in the new folder');
    my @at = map { $_->{at} } $t->journal;
    is(keys %{ { map { $_ => 1 } @at } }, @at, 'none is journalled twice');
    pass('counted');
    $t->finish;
};

subtest 'another store, with an old worker in a long download' => sub {
    my $t = Senda::Test->new;
    $t->publish($rules);
    my $slow = $conf{server} . "\nlocation = /cart { limit_rate 60k; root html; try_files /cart.html =404; }";
    $t->page('cart.html', 'x' x 240_000);
    $t->start(%conf, server => $slow);
    my ($jar) = guest($t);
    my $before = pages($t, 'cart');
    my $s = $t->connect;
    $s->syswrite("GET /cart HTTP/1.1\r\nHost: shop.test\r\nUser-Agent: $Senda::Test::AGENT\r\n"
        . "Cookie: senda=$jar->{senda}\r\nConnection: close\r\n\r\n");
    $s->sysread(my $head, 100);
    my $other = $t->dir . '/second';
    $t->run('/bin/cp', '-a', $t->store, $other);
    unlink glob "$other/journal/*";
    my $live = $t->live;
    $t->reload(%conf, server => $slow, store => store('second live=run/second size=8m new_visitors=0'));
    is(pages($t, 'cart'), $before, 'its visit ends after the reload');
    my $rest = '';
    while ($s->sysread($rest, 65536, length $rest)) { }
    cmp_ok(length $rest, '>', 200_000, 'the page is served whole');
    ok($t->until(10, sub { pages($t, 'cart') == $before + 1 }), 'and stands in the old journal');
    $t->finish;
};

subtest 'a stop leaves nothing in the rings' => sub {
    my $t = Senda::Test->new;
    $t->publish($rules);
    $t->start(%conf, workers => 2);
    my ($jar) = guest($t);
    for my $round (1 .. 10) {
        my $before = pages($t, 'cart');
        $t->get('/cart', jar => $jar) for 1 .. 5;
        $t->stop($round % 2 ? 'TERM' : 'QUIT');
        is(pages($t, 'cart'), $before + 5, 'all are in the journal');
        $t->start;
    }
    $t->finish;
};

# A second nginx of another configuration on the same machine.
sub second {
    my ($t, $store, @before) = @_;
    my $port = Senda::Test::free_port();
    my $file = $t->dir . '/nginx.conf';
    my $text = Senda::Test::slurp($file);
    $text =~ s/pid nginx.pid/pid second.pid/;
    $text =~ s/error_log error.log/error_log second.log/;
    $text =~ s/listen 127.0.0.1:\d+/listen 127.0.0.1:$port/;
    $text =~ s/senda_store [^;]*/senda_store $store/;
    Senda::Test::spew($t->dir . '/second.conf', $text);
    my $pid = fork // die "fork: $!";
    if ($pid == 0) {
        open STDOUT, '>>', $t->dir . '/output.log';
        open STDERR, '>>', $t->dir . '/output.log';
        exec @before, $t->nginx, '-p', $t->dir . '/', '-c', $t->dir . '/second.conf', '-e',
            $t->dir . '/second.log' or POSIX::_exit(127);
    }
    $t->wait_for(sub { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) },
        'the second nginx listens');
    return ($pid, $port, sub { Senda::Test::slurp($t->dir . '/second.log') },
        sub { kill TERM => Senda::Test::slurp($t->dir . '/second.pid') || $pid; waitpid $pid, 0; });
}

subtest 'two nginx on the same folders share a drain' => sub {
    my $t = Senda::Test->new;
    $t->publish($rules);
    $t->start(%conf);
    my ($jar) = guest($t);
    my ($pid, $port, $log, $end) = second($t, 'store live=run/live size=16m new_visitors=0');
    my $before = pages($t, 'cart');
    for (1 .. 10) { $t->get('/cart', jar => $jar, port => $_) for $t->port, $port; }
    $t->wait_for(sub { $t->drained && pages($t, 'cart') == $before + 20 }, 'exact');
    ok($t->until(10, sub { $log->() =~ /is the drain of this nginx too/ }), 'the second one says it');
    $end->();
    unlike($log->(), qr/nothing is recorded/, 'without complaint');
    $t->finish;
};

subtest 'two nginx on only one of the folders' => sub {
    my $t = Senda::Test->new;
    $t->publish($rules);
    $t->start(%conf);
    my ($jar) = guest($t);
    my ($pid, $port, $log, $end) = second($t, 'store live=run/elsewhere size=8m');
    is($t->get('/', jar => $jar, port => $port)->status, 200, 'pages are served');
    ok($t->until(10, sub { $log->() =~ /nothing is recorded: the store is in use by process \d+, store "\S+", live "\S+live"/ }),
        'one store with two live folders: said');
    $end->();
    $t->run('/bin/cp', '-a', $t->store, $t->dir . '/second');
    unlink $t->dir . '/second.log';
    my $counts = $t->counts;
    ($pid, $port, $log, $end) = second($t, 'second live=run/live size=16m');
    ok($t->until(10, sub { $log->() =~ /nothing is recorded: the live folder is in use by process/ }),
        'two stores with one live folder: said');
    $end->();
    is_deeply($t->counts, $counts, 'and live/ is left alone');
    $t->finish;
};

subtest 'a container with processes of its own' => sub {
    plan(skip_all => 'only root may make namespaces') if $> != 0;
    plan(skip_all => 'no namespaces here') if system('unshare -p -f true 2>/dev/null') != 0;
    my $t = Senda::Test->new;
    $t->publish($rules);
    $t->start(%conf);
    my ($jar) = guest($t);
    my $rings = () = glob $t->live . '/ring.*';
    my ($pid, $port, $log, $end) =
        second($t, 'store live=run/live size=16m', 'unshare', '-p', '-f', '--kill-child');
    is($t->get('/cart', jar => $jar, port => $port)->status, 200, 'pages are served');
    ok($t->until(10, sub { $log->() =~ /in use from another PID namespace/ }), 'it is said');
    is(scalar(() = glob $t->live . '/ring.*'), $rings, 'no ring is made or taken');
    kill KILL => $pid;
    waitpid $pid, 0;
    my $before = pages($t);
    $t->get('/cart', jar => $jar);
    ok($t->until(5, sub { pages($t) == $before + 1 }), 'the first one is not disturbed');
    $t->finish;
};

subtest 'a store on overlay is refused by nginx -t' => sub {
    plan(skip_all => 'only root may mount') if $> != 0;
    my $t = Senda::Test->new;
    my $dir = $t->dir;
    mkdir "$dir/o$_" for '', 1 .. 3;
    my $mount = "mount -t overlay overlay -o lowerdir=$dir/o1,upperdir=$dir/o2,workdir=$dir/o3 $dir/o";
    SKIP: {
        skip 'no overlay here', 2 if system("unshare -m sh -c '$mount' 2>/dev/null") != 0;
        for my $what (["o/store live=run/live" => 'store'], ["store live=o/live" => 'live']) {
            $t->write_conf(store => store($what->[0]));
            my ($out) = $t->try_run('unshare', '-m', 'sh', '-c', "$mount && cp -a $dir/store $dir/o/ && "
                . join ' ', $t->nginx_command('-e', "$dir/t.log", '-t'));
            like($out, qr/\[emerg\].*"\S+" lies on overlay .*: put it on a disk of this machine/, $what->[1]);
        }
    }
    $t->finish;
};

subtest 'a store that root made alone' => sub {
    plan(skip_all => 'not root') if $> != 0;
    my $t = Senda::Test->new;
    chown 0, 0, $t->store . '/journal';
    chmod 0700, $t->store . '/journal';
    my ($out) = $t->test_conf(%conf);
    like($out, qr/\[warn\].*"DIR\/store\/journal" belongs to 0:0 with mode 700, nginx's user \d+ cannot write to it: "chgrp -R \d+ /,
        'nginx -t says what mends it');
    $t->finish;
};

subtest 'old visits go, when the sidecar needs them no more' => sub {
    my $t = Senda::Test->new;
    $t->publish($rules);
    my $now = int time;
    life($t, 'visits', $t->store, 20_000, 50, $now - 20 * 86400, $now);
    $t->run('/bin/chgrp', 'www-data', glob $t->store . '/journal/*') if $> == 0;
    my $keep = store('store live=run/live size=16m journal=10d');
    $t->start(%conf, store => $keep);
    my ($jar) = guest($t);
    my ($all, $first, $last) = split ' ', life($t, 'span', $t->store);
    cmp_ok($all, '>=', 20_000, 'all are kept, for nobody has said that they are not needed');
    $t->stop;
    life($t, 'consumed', $t->store);
    $t->share_published;
    $t->start;
    my ($left, $begin);
    $t->wait_for(sub {
        ($left, $begin) = split ' ', life($t, 'span', $t->store);
        my $before = $left;
        $left < 11_000 }, 'they go', 20);
    cmp_ok($left, '>', 9_900, 'those of ten days stay');
    cmp_ok($begin, '>', $first, 'from the front');
    cmp_ok(board($t, 'journal_expired'), '>', 9_000, 'counted');
    $t->get('/cart', jar => $jar);
    $t->wait_drained;
    cmp_ok((split ' ', life($t, 'span', $t->store))[2], '>', $last, 'numbers go on');
    $t->finish;
};

subtest 'visitors who do not come again go' => sub {
    my $t = Senda::Test->new;
    $t->publish($rules);
    my $now = int time;
    life($t, 'visits', $t->store, 3000, 3000, $now - 30 * 86400, $now);
    $t->run('/bin/chgrp', 'www-data', glob $t->store . '/journal/*') if $> == 0;
    $t->start(%conf, store => store('store live=run/live size=16m visitors=10d'));
    $t->wait_for(sub { -e $t->live . '/data.mdb' && board($t, 'live_expired') >= 1990 }, 'swept', 20);
    my $left = keys %{ $t->counts };
    cmp_ok($left, '>=', 999, 'those of ten days stay');
    cmp_ok($left, '<=', 1010, 'the others do not');
    is((split ' ', life($t, 'span', $t->store))[0], 3000, 'the journal is another matter');
    $t->finish;
};

subtest 'new visitors beyond the bound' => sub {
    my $t = Senda::Test->new;
    $t->publish($rules);
    $t->start(%conf, store => store('store live=run/live size=16m new_visitors=5'),
        server => $conf{server} . "\nlocation = /order { proxy_pass http://127.0.0.1:$t->{port}/shop; }
            location = /shop { senda off; add_header X-Senda-Event 'purchase order=1 value=10'; return 200 ok; }
            senda_trust_upstream on;");
    my @jars = map { my $jar = {}; $t->get('/', jar => $jar); $jar } 1 .. 60;
    my $begun = time;
    $t->get('/cart', jar => $_) for @jars;
    my $took = time - $begun;
    $t->wait_drained;
    my $stored = keys %{ $t->counts };
    cmp_ok($stored, '<=', 5 + 5 * ($took + 2), "$stored of 60 are stored");
    cmp_ok($stored, '>=', 5, 'those within the bound are');
    is(pages($t, 'cart'), $stored, 'the journal has no others');
    is(cells($t)->{flood}, 2 * (60 - $stored), 'the rest is counted, landing and visit');
    $t->wait_for(sub { $t->get('/cart', jar => $jars[-1]); keys %{ $t->counts } > $stored },
        'who comes again is stored');
    $t->finish;
};

subtest 'a landing is journalled once, however often its cookie comes' => sub {
    my $t = Senda::Test->new;
    $t->publish($rules);
    $t->start(%conf);
    guest($t);
    my $landings = sub { scalar grep { $_->{flags} & 1 } $t->journal };
    my $before = $landings->();
    # live/ cannot be made: a file is in its place.
    my $live = $t->live;
    unlink glob "$live/*.mdb";
    mkdir "$live/data.mdb";
    my @jars = map { my $jar = {}; $t->get('/', jar => $jar); $jar } 1 .. 10;
    for (1 .. 5) { $t->get('/cart', jar => { %$_ }) for @jars; }
    $t->wait_for(sub { pages($t, 'cart') == 50 }, 'visits are journalled without live/');
    is($landings->() - $before, 10, 'each landing once');
    my $drain = $t->drain;
    kill KILL => $drain;
    $t->allow('exited on signal 9');
    $t->wait_for(sub { my $d = $t->drain; $d && $d != $drain }, 'another drain');
    $t->get('/cart', jar => { %$_ }) for @jars;
    $t->wait_for(sub { pages($t, 'cart') == 60 }, 'it goes on');
    is($landings->() - $before, 10, 'and it knows them');
    rmdir "$live/data.mdb";
    $t->wait_for(sub { (grep { $_->{cart} } values %{ $t->counts }) == 10 }, 'live/ is back', 20);
    is($t->get('/heels', jar => $jars[0])->body, '1 6', 'exact');
    $t->finish;
};

subtest 'a copy of live/ is put back' => sub {
    my $t = Senda::Test->new;
    $t->publish($rules);
    $t->start(%conf, store => store('store live=run/live size=16m snapshot=1s'));
    my ($jar) = guest($t);
    my $copy = $t->store . '/journal/snapshot.mdb';
    $t->wait_for(sub { -e $copy }, 'a copy is made');
    my $size = -s $copy;
    cmp_ok($size, '<', 200_000, 'without the space that is free');
    $t->stop;
    $t->start(%conf, store => store('store live=run/live size=16m snapshot=0'));
    $t->get('/cart', jar => $jar);
    $t->wait_drained;
    my $counts = $t->counts;
    $t->stop;
    remove_tree($t->live);
    $t->start;
    $t->wait_for(sub { $t->error_log =~ /the live store is put back from its copy, up to visit \d+/ }, 'put back');
    $t->wait_for(sub { my $c = eval { $t->counts } // {}; keys %$c == keys %$counts }, 'there');
    is($t->get('/heels', jar => $jar)->body, '2 1', 'with what came after it');
    is_deeply($t->counts, { %$counts, (map { $_ => { %{ $counts->{$_} }, heels => 1, any => $counts->{$_}{any} + 1 } }
        keys %$counts) }, 'exact') if $t->until(5, sub { $t->drained });

    # A copy of another journal is of no use.
    $t->stop;
    remove_tree($t->live);
    unlink map { $t->store . "/journal/$_.mdb" } qw(data lock);
    $t->start;
    is($t->get('/cart', jar => $jar)->status, 200, 'served');
    $t->wait_for(sub { $t->error_log =~ /does not belong to this journal/ }, 'seen');
    $t->wait_for(sub { my $c = eval { $t->counts } // {}; (values %$c)[0] && (values %$c)[0]{cart} == 1 }, 'a new beginning');
    pass('a new beginning');
    $t->finish;
};

done_testing();
