#!/usr/bin/perl
# What the sidecar meets in a real shop: folders that go and come back, files saved half-way, headers
# that are nonsense, clocks that were wrong, clients that say nothing, servers that say too much.

use strict;
use warnings;
use lib 't/lib';
use IO::Socket::INET;
use IO::Socket::UNIX;
use Senda::Sidecar;
use Test::More;
use Time::HiRes qw(time);

my $WELCOME = <<'END_OF_RULES';
flow welcome
  start when signs up
  again never
  send email welcome
END_OF_RULES

my $LATER = $WELCOME =~ s/  send email/  wait 1 hour\n  send email/r;

sub contact { my ($name) = @_; "contact=email=$name%40example.com&name=\u$name&consent=1" }
sub signup { my ($name, @more) = @_; ['shop.test', $name, 'POST', '/signup', contact($name), @more] }
sub lines { my ($s, $what) = @_; scalar(() = $s->log =~ /$what/g) }

subtest 'the rules\' folder removed and back' => sub {
    my $s = Senda::Sidecar->new(rules => $WELCOME, templates => ['welcome', 'other']);
    my $dir = $s->dir;
    $s->start;
    for my $round (1 .. 2) {
        system('rm', '-r', "$dir/rules");
        $s->wait_for(sub { lines($s, 'the rules that were live stay live') >= $round }, 'it is missed');
        mkdir "$dir/rules";
        $s->rules($WELCOME =~ s/email welcome/email other/r . "# $round\n");
        ok($s->until(3, sub { lines($s, '  rules are live:') > $round }), 'what comes back is live');
    }
    rename "$dir/rules", "$dir/before";
    mkdir "$dir/new";
    Senda::Sidecar::spew("$dir/new/shop.senda", $Senda::Sidecar::RULES . $WELCOME);
    symlink 'new', "$dir/rules";
    ok($s->until(3, sub { lines($s, '  rules are live:') > 3 }), 'a link in its place is, too');
    is($s->stop, 0, 'ends');

    unlink "$dir/rules";
    $s->start;
    like($s->log, qr/the last good rules go on/, 'a start without the folder');
    mkdir "$dir/rules";
    $s->rules("$WELCOME# again\n");
    ok($s->until(3, sub { lines($s, '  rules are live:') > 4 }), 'it comes, and is watched');
    $s->rules("$WELCOME# and again\n");
    ok($s->until(3, sub { lines($s, '  rules are live:') > 5 }), 'and goes on to be');
    $s->done;
};

subtest 'a rule file saved half-way' => sub {
    my $s = Senda::Sidecar->new(rules => $LATER, templates => ['welcome']);
    my $file = $s->dir . '/rules/shop.senda';
    $s->start;
    $s->visit(signup('ann'));
    $s->wait_for(sub { $s->log =~ /starts for contact 1/ }, 'a run');
    open my $fh, '>', $file;
    close $fh;
    $s->wait_for(sub { $s->log =~ /shop\.senda is empty.*the rules that were live stay live/ }, 'an empty file is refused');
    open $fh, '>', $file;
    print $fh $Senda::Sidecar::RULES, $LATER, "# saved\n";
    close $fh;
    $s->wait_for(sub { lines($s, '  rules are live:') == 2 }, 'a whole one is taken');
    unlike($s->log, qr/runs? ends?:/, 'the run goes on');
    like(($s->senda('status'))[0], qr/shop\.test: 1 people, 1 runs/, 'as the status says');
    $s->done;
};

subtest 'a shop that says nonsense on every page' => sub {
    my $s = Senda::Sidecar->new(rules => $WELCOME, templates => ['welcome']);
    $s->start;
    $s->visit(map { ['shop.test', "v$_", 'GET', '/of/eve@example.com', 'contact=email=nonsense'] } 1 .. 300);
    $s->visit(signup('ann'));
    $s->wait_for(sub { $s->log =~ /sent to contact 1/ }, 'the others go on');
    cmp_ok(lines($s, 'is not used: email is no address'), '<=', 10, 'the log does not fill');
    cmp_ok(lines($s, 'is not used: email is no address'), '>=', 1, 'but tells of it');
    is(lines($s, 'they are only counted'), 1, 'and that there is more');
    like(($s->senda('status'))[0], qr/300 headers refused/, 'the status counts them');
    unlike($s->log, qr/\@example/, 'no address in the log');
    $s->done;
};

subtest 'a visit from the future' => sub {
    my $s = Senda::Sidecar->new(rules => $LATER . $WELCOME =~ s/flow welcome/flow now/r, templates => ['welcome']);
    my $tomorrow = int(1000 * (time + 86400));
    $s->start;
    $s->visit(signup('ann'));
    $s->wait_for(sub { $s->log =~ /sent to contact 1/ }, 'the first');
    $s->visit(['shop.test', 'eve', 'GET', '/cart', "at=$tomorrow"]);
    $s->visit(signup('bob'));
    $s->wait_for(sub { $s->log =~ /sent to contact 2/ }, 'who comes after it is not held up for a day');
    unlike($s->log, qr/flow "welcome" plans/, 'nobody\'s hour is over');
    $s->done;
};

subtest 'clients that say nothing' => sub {
    my $s = Senda::Sidecar->new(rules => $WELCOME, templates => ['welcome']);
    $s->start;
    my $socket = $s->dir . '/store/state/senda.sock';
    is(sprintf('%04o', (stat $socket)[2] & 07777), '0600', 'the socket is the sidecar\'s own');
    my @silent = map { IO::Socket::UNIX->new(Peer => $socket) } 1 .. 40;
    print { $silent[0] } 'stat';
    print { $silent[1] } "\0\xff" x 2000;
    my $start = time;
    $s->visit(signup('ann'));
    $s->wait_for(sub { $s->log =~ /sent to contact 1/ }, 'the work goes on');
    cmp_ok(time - $start, '<', 2, 'without delay');
    my ($out, $status) = $s->senda('contacts', 'unsubscribe', 'ann@example.com');
    is($status, 0, 'a command gets its turn') or diag($out);
    cmp_ok(time - $start, '<', 20, 'before long');
    $s->done;
};

subtest 'new settings while much is on its way' => sub {
    my $s = Senda::Sidecar->new(rules => $WELCOME, templates => ['welcome']);
    my $channel = 'email smtp://127.0.0.1:' . $s->smtp(0, 0.3);
    $s->conf(channel => $channel);
    $s->start;
    $s->visit(map { signup("p$_") } 1 .. 60);
    $s->wait_for(sub { $s->log =~ /welcome sent/ }, 'it begins');
    $s->conf(channel => $channel, from => '"Other <other@shop.test>"');
    kill HUP => $s->pid;
    $s->wait_for(sub { $s->log =~ /new settings are in force/ }, 'the settings are taken');
    cmp_ok(lines($s, 'welcome sent'), '<', 30, 'before all has gone');
    $s->wait_for(sub { lines($s, 'welcome sent') == 60 }, 'and all goes');
    is(scalar $s->received, 60, 'none twice');
    $s->done;
};

subtest 'a server that repeats the address' => sub {
    my $s = Senda::Sidecar->new(rules => $WELCOME, templates => ['welcome']);
    my $listen = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1') or die "$!";
    my $pid = fork // die "fork: $!";
    if ($pid == 0) {
        while (my $c = $listen->accept) {
            print $c "220 here\r\n";
            while (my $line = <$c>) {
                print $c $line =~ /^RCPT TO:(\S+)/ ? "450 4.2.0 $1: not now, $1\r\n" : "250 ok\r\n";
            }
        }
        POSIX::_exit(0);
    }
    $s->conf(channel => 'email smtp://127.0.0.1:' . $listen->sockport);
    $s->start;
    $s->visit(signup('ann'));
    $s->wait_for(sub { $s->log =~ /deferred to contact 1, flow "welcome": 450 4\.2\.0 \(address\) not now, \(address\)$/m },
        'its words are told without it');
    unlike($s->log, qr/ann\@/, 'no address in the log');
    like(($s->senda('contacts', 'show', 'ann@example.com'))[0], qr/450 4\.2\.0 <ann\@example\.com>: not now/,
        'the store has them whole');
    kill KILL => $pid;
    waitpid $pid, 0;
    $s->done;
};

subtest 'a purchase while the last message waits for its server' => sub {
    my $s = Senda::Sidecar->new(templates => ['cart-1'], rules => <<'END');
flow "abandoned cart"
  start when visits cart and not buys within 1 hour
  again after 7 days
  stop if buys
  send email cart-1
END
    my $listen = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1') or die "$!";
    my $pid = fork // die "fork: $!";
    if ($pid == 0) {
        while (my $c = $listen->accept) {
            print $c "220 here\r\n";
            while (my $line = <$c>) {
                print $c $line =~ /^RCPT/ ? "450 4.2.0 not now\r\n" : "250 ok\r\n";
            }
        }
        POSIX::_exit(0);
    }
    $s->conf(channel => 'email smtp://127.0.0.1:' . $listen->sockport);
    $s->start('--lapse', 3600);
    $s->visit(['shop.test', $_, 'GET', '/cart', contact($_)]) for qw(ann bob);
    $s->wait_for(sub { $s->log =~ /cart-1 deferred to contact 1/ && $s->log =~ /cart-1 deferred to contact 2/ },
        'the run is over, the messages wait');
    $s->visit(['shop.test', 'ann', 'GET', '/thanks?order=1&total=20']);
    $s->wait_for(sub { $s->log =~ /takes back the message that was waiting for contact 1|cart-1 skipped to contact 1/ },
        'it is taken back, or when it comes back');
    $s->stop('KILL');
    $s->launch('--lapse', 3600);
    $s->visit(['shop.test', 'bob', 'GET', '/thanks?order=2&total=20']);
    $s->wait_for(sub { $s->log =~ /takes back the message that was waiting for contact 2|cart-1 skipped to contact 2/ },
        'also after a kill');
    is($s->stop, 0, 'ends cleanly');
    kill KILL => $pid;
    waitpid $pid, 0;
    $s->done;
};

subtest 'what others may not see' => sub {
    my $s = Senda::Sidecar->new(rules => $WELCOME, templates => ['welcome']);
    my $state = $s->dir . '/store/state';
    chmod 0750, $state;
    my ($out, $status) = $s->senda('run', '--once');
    is($status, 1, 'a state/ that is open to others is refused');
    like($out, qr/state holds addresses and is open to others; make it private with: chmod 700 \Q$state\E$/m, 'says what to do');
    chmod 0700, $state;
    for my $url ('smpt://user:secret@127.0.0.1', 'smtp://user:secret@ 127.0.0.1', 'smtp://user:secret@127.0.0.1?tls=maybe',
        'smtps:user:secret@127.0.0.1') {
        $s->conf(channel => "email $url");
        for my $command ('run', 'status') {
            ($out, $status) = $s->senda($command);
            isnt($status, 0, "$command with a wrong channel");
            unlike($out, qr/secret/, 'does not tell its password');
        }
    }
    $s->done;
};

subtest 'addresses that are none' => sub {
    my $s = Senda::Sidecar->new(rules => $WELCOME, templates => ['welcome']);
    $s->conf(unsubscribe => '"Out <out@shop.test>"');
    my ($out, $status) = $s->senda('run', '--check');
    is($status, 1, 'a name where only an address may stand');
    like($out, qr/senda\.conf:8: unsubscribe: only the address may stand here, without a name/, 'is seen');
    ($out, $status) = $s->senda('run', '--once');
    is($status, 1, 'it does not run so');
    like($out, qr/senda\.conf:8: unsubscribe: only the address/, 'and says why');
    $s->conf(from => 'Shop');
    ($out, $status) = $s->senda('run', '--once');
    like($out, qr/senda\.conf:2: from: that is no e-mail address/, 'nor from nobody');
    is($status, 1, 'at all');
    $s->done;
};

done_testing();
