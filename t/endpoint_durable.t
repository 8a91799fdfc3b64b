# Answers that promise durability: what was answered 200 is in the journal and on the disk,
# whatever happens to the drain, the workers and the disk; and what cannot be is 503 in time.

use strict;
use warnings;
use lib 't/lib';
use Senda::Test;
use Test::More;
use Time::HiRes qw(time);

my $rules = "site shop.test\npage home\nmatch GET /\n";
my $message = "message welcome 1 7 email es\n";
my %conf = (server => 'location /senda/ { senda_endpoint; } location / { return 200 "<p>x</p>"; }');
my @form = ('Content-Type' => 'application/x-www-form-urlencoded');
my $within = 3; # 2 s, and what a busy machine may take

sub with_message {
    my ($t) = @_;
    $t->publish($rules);
    my ($out, $status) = $t->try_run(\$message, $t->tool('tool_sent'), 'put', $t->store);
    die $out if $status;
    $t->share_published;
    my ($token) = $out =~ /^welcome u 0 (\S+)$/m;
    return "/senda/u/$token";
}

sub leave {
    my ($t, $path, %o) = @_;
    return $t->get($path, method => 'POST', headers => [@form], body => 'action=leave', %o);
}

# A POST whose answer is read later.
sub begin {
    my ($t, $path) = @_;
    my $s = $t->connect;
    $s->syswrite("POST $path HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n$form[0]: $form[1]\r\n"
            . "Content-Length: 12\r\n\r\naction=leave");
    return $s;
}

sub end {
    my ($s) = @_;
    my $answer = Senda::Test::read_answer($s, 'POST', 1);
    close $s; # nginx may wait for that
    return $answer;
}

sub kept { my ($t) = @_; return scalar grep { $_->{flags} == 256 } $t->journal }

sub percentile { my ($p, @x) = @_; return (sort { $a <=> $b } @x)[int($p * $#x)] * 1000 }

subtest 'one after the other' => sub {
    my $t = Senda::Test->new;
    my $path = with_message($t);
    my $log = $t->dir . '/run/syncs';
    {
        local $ENV{LD_PRELOAD} = join ' ', $ENV{LD_PRELOAD} // (), $t->tool('preload_sync.so');
        local $ENV{SENDA_SYNC_LOG} = $log;
        $t->start(%conf, main => 'env LD_PRELOAD; env SENDA_SYNC_LOG;');
    }
    my (@took, $less);
    my $n = 200;
    for my $i (1 .. $n) {
        my $before = -s $log // 0;
        my $start = time;
        my $r = leave($t, $path);
        push @took, time - $start;
        $r->status == 200 or fail("answer $i: " . $r->status), last;
        # one sync of the commit's pages, one of its head
        $less++ if (-s $log // 0) < $before + 2;
    }
    is($less // 0, 0, 'a commit and a sync before each answer');
    is(kept($t), $n, "$n answers, $n in the journal");
    diag(sprintf 'unsubscribe, one at a time: p50 %.1f ms, p99 %.1f ms', percentile(0.5, @took),
        percentile(0.99, @took));
    $t->finish;
};

subtest 'many at once' => sub {
    my $t = Senda::Test->new;
    my $path = with_message($t);
    $t->start(%conf, workers => 2);
    my ($good, @took) = (0);
    for (1 .. 10) {
        my $start = time;
        my @open = map { begin($t, $path) } 1 .. 50;
        for my $s (@open) {
            $good++ if end($s)->status == 200;
            push @took, time - $start;
        }
    }
    is($good, 500, '500 answers');
    is(kept($t), 500, '500 in the journal');
    diag(sprintf 'unsubscribe, fifty at a time: p50 %.1f ms, p99 %.1f ms', percentile(0.5, @took),
        percentile(0.99, @took));
    $t->finish;
};

subtest 'without a master process' => sub {
    my $t = Senda::Test->new;
    my $path = with_message($t);
    $t->start(%conf, main => 'master_process off;');
    is(leave($t, $path)->status, 200, "answer $_") for 1 .. 3;
    is(kept($t), 3, 'all are in the journal');
    $t->finish;
};

subtest 'the drain is killed' => sub {
    my $t = Senda::Test->new;
    my $path = with_message($t);
    $t->allow('exited on signal 9');
    $t->start(%conf);
    leave($t, $path);
    my %status;
    my ($asked, $slowest, $before) = (0, 0, kept($t));
    for my $round (1 .. 30) {
        my $drain = $t->wait_for(sub { $t->drain }, 'there is a drain');
        my $start = time;
        my @open = map { begin($t, $path) } 1 .. 3;
        select undef, undef, undef, $round % 10 * 0.003; # before, during and after its commit
        kill KILL => $drain;
        for my $s (@open) {
            my $status = end($s)->status;
            $status{$status}++;
            $asked++;
        }
        $slowest = time - $start if time - $start > $slowest;
        # whoever was answered has nothing to fear
        my $now = kept($t);
        cmp_ok($now, '>=', $before + ($status{200} // 0), "round $round: what was answered is there")
            if $now < $before + ($status{200} // 0);
    }
    is_deeply([grep { $_ != 200 && $_ != 503 } keys %status], [], '200 or 503')
        or diag explain \%status;
    cmp_ok($slowest, '<', $within, 'and in time');
    $t->wait_for(sub { $t->drained }, 'drained');
    is(kept($t), $before + $asked, 'each was put once') or diag explain \%status;
    diag(sprintf '30 drains killed: %d answers of 200, %d of 503, the slowest %.2f s', $status{200} // 0,
        $status{503} // 0, $slowest);
    $t->finish;
};

subtest 'the drain stands still' => sub {
    my $t = Senda::Test->new;
    my $path = with_message($t);
    $t->start(%conf);
    leave($t, $path);
    my $drain = $t->drain;
    kill STOP => $drain;
    my $start = time;
    my @open = map { begin($t, $path) } 1 .. 5;
    my $gone = begin($t, $path);
    select undef, undef, undef, 0.05;
    close $gone; # he does not wait
    is($t->get('/')->status, 200, 'pages are served meanwhile');
    for my $s (@open) {
        my $r = end($s);
        is($r->status, 503, 'not in time: said so');
        ok($r->header('Retry-After'), '… and when to try again');
    }
    my $took = time - $start;
    cmp_ok($took, '>', 1.5, 'it was waited for');
    cmp_ok($took, '<', $within, 'no longer than two seconds');
    is(kept($t), 1, 'nobody was told what was not so');
    cmp_ok($t->rings->{durable}, '>=', 5, 'it is counted');
    kill CONT => $drain;
    is(leave($t, $path)->status, 200, 'the drain goes on: so do the answers');
    is(kept($t), 8, 'and what waited is kept too');
    $t->finish;
};

subtest 'reloads' => sub {
    my $t = Senda::Test->new;
    my $path = with_message($t);
    $t->start(%conf, workers => 2);
    my %status;
    my $asked = 0;
    for my $round (1 .. 5) {
        my @open = map { begin($t, $path) } 1 .. 10;
        $t->reload(%conf, workers => $round % 2 + 1);
        push @open, map { begin($t, $path) } 1 .. 10;
        for my $s (@open) { $status{ end($s)->status }++; $asked++; }
    }
    is_deeply(\%status, { 200 => $asked }, "$asked answers across five reloads")
        or diag explain \%status;
    is(kept($t), $asked, 'all in the journal');

    # A worker that leaves while somebody waits answers first, and then leaves.
    my $drain = $t->wait_for(sub {
        my @drains = $t->named('cache manager process');
        @drains == 1 && $drains[0];
    }, 'one drain is left');
    is(leave($t, $path)->status, 200, 'it is the one that works');
    kill STOP => $drain;
    my $s = begin($t, $path);
    select undef, undef, undef, 0.05;
    my %old = map { $_ => 1 } $t->workers;
    $t->reload(%conf);
    is(end($s)->status, 503, 'an old worker answers before it leaves');
    $t->wait_for(sub { !grep { $old{$_} && Senda::Test::alive($_) } keys %old }, 'it has left', 5);
    kill CONT => $drain;
    $t->wait_for(sub { leave($t, $path)->status == 200 }, 'all is well again');
    $t->stop('QUIT');
    $t->finish;
};

subtest 'the disk fails' => sub {
    my $t = Senda::Test->new;
    my $path = with_message($t);
    my $fail = $t->dir . '/run/fail';
    {
        local $ENV{LD_PRELOAD} = join ' ', $ENV{LD_PRELOAD} // (), $t->tool('preload_sync.so');
        local $ENV{SENDA_SYNC_FAIL} = $fail;
        $t->start(%conf, main => 'env LD_PRELOAD; env SENDA_SYNC_FAIL;');
    }
    is(leave($t, $path)->status, 200, 'before');
    open my $fh, '>', $fail or die $!;
    close $fh;
    my $start = time;
    is(leave($t, $path)->status, 503, 'a disk that fails: 503');
    cmp_ok(time - $start, '<', $within, 'in time');
    is($t->get('/')->status, 200, 'pages are served');
    is(leave($t, $path)->status, 503, 'again');
    unlink $fail;
    $t->wait_for(sub { leave($t, $path)->status == 200 }, 'it goes on by itself', 15);
    $t->wait_drained;
    cmp_ok(kept($t), '>=', 4, 'what waited is kept');
    $t->finish;
};

subtest 'the disk is full' => sub {
    plan(skip_all => 'only root may mount') if $>;
    my $t = Senda::Test->new;
    my $journal = $t->store . '/journal';
    my $gid = (getgrnam('www-data'))[2];
    system('mount', '-t', 'tmpfs', '-o', "size=1m,mode=2770,gid=$gid", 'tmpfs', $journal) == 0
        or plan(skip_all => 'a tmpfs cannot be mounted here');
    my $path = with_message($t);
    $t->start(%conf);
    is(leave($t, $path)->status, 200, 'before');
    system("dd if=/dev/zero of=$journal/fill bs=1k 2>/dev/null");
    my (%status, $slowest);
    for (1 .. 4) {
        my $start = time;
        $status{ leave($t, $path)->status }++;
        $slowest = time - $start if time - $start > ($slowest // 0);
    }
    my $answered = 1 + ($status{200} // 0);
    is_deeply([grep { $_ != 200 && $_ != 503 } keys %status], [], '200 or 503');
    cmp_ok($status{503} // 0, '>', 0, 'a full disk: 503');
    cmp_ok($slowest, '<', $within, 'in time');
    is(kept($t), $answered, 'and no lie');
    is($t->get('/')->status, 200, 'pages are served');
    unlink "$journal/fill";
    $t->wait_for(sub { leave($t, $path)->status == 200 }, 'it goes on by itself', 15);
    $t->stop;
    system('umount', $journal);
    $t->finish;
};

subtest 'there is no ring' => sub {
    my $t = Senda::Test->new;
    my $path = with_message($t);
    open my $fh, '>', $t->live or die $!; # a file where the folder should be
    close $fh;
    $t->start(%conf);
    my $start = time;
    my $r = leave($t, $path);
    is($r->status, 503, 'no ring: 503');
    ok($r->header('Retry-After'), '… and when to try again');
    cmp_ok(time - $start, '<', 1.5, 'at once');
    unlink $t->live;
    $t->wait_for(sub { leave($t, $path)->status == 200 }, 'with a ring it works', 15);

    # the ring is taken away while somebody waits for it
    my $drain = $t->wait_for(sub { $t->drain }, 'there is a drain');
    kill STOP => $drain;
    my $s = begin($t, $path);
    select undef, undef, undef, 0.05;
    unlink glob $t->live . '/ring.*';
    is(end($s)->status, 503, 'a ring that is taken away: 503');
    kill CONT => $drain;
    $t->wait_for(sub { leave($t, $path)->status == 200 }, 'the next ring serves', 15);
    $t->finish;
};

done_testing();
