#!/usr/bin/perl
# The SMTP channel against a server that misbehaves in every way we can think of: the class of
# each message must be right, and none may arrive twice. Core Perl alone; loopback alone.

use strict;
use warnings;
use File::Temp qw(tempdir);
use IO::Select;
use IO::Socket::INET;
use IPC::Open2;
use Socket qw(SOL_SOCKET SO_LINGER SO_RCVBUF TCP_NODELAY IPPROTO_TCP);
use Test::More;
use Time::HiRes qw(time);

my $tool = ($ENV{SENDA_BUILD} || 'build') . '/tests/tool_smtp';
plan skip_all => "$tool is not built" unless -x $tool;

my $dir = tempdir(CLEANUP => 1);
my @children;
my $parent = $$;
$SIG{$_} = sub { exit 1 } for qw(INT TERM HUP);
END { if ($$ == $parent) { my $status = $?; stop($_) for @children; $? = $status } }

# A server and the processes of its connections are one process group.
sub stop {
    my ($pid) = @_;
    kill KILL => -$pid, $pid;
    waitpid $pid, 0;
}

# A server of its own for each case. What it does is a hash: for each moment either the reply's
# lines or a code reference that gets the connection and returns false when it is to be closed.
# It notes each message that it accepted, and each connection, in a file.
sub server {
    my (%does) = @_;
    my $listen = IO::Socket::INET->new(Listen => 64, LocalAddr => '127.0.0.1', LocalPort => 0)
        or die "listen: $!";
    setsockopt $listen, SOL_SOCKET, SO_RCVBUF, 4096 if $does{narrow};
    my $log = "$dir/log" . @children;
    open my $fh, '>', $log or die "$log: $!";
    $fh->autoflush(1);
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        setpgrp 0, 0;
        my $n = 0;
        $SIG{CHLD} = 'IGNORE';
        $SIG{PIPE} = 'IGNORE';
        while (getppid == $parent) {
            IO::Select->new($listen)->can_read(1) or next;
            my $c = $listen->accept or next;
            $n++;
            next if fork;
            close $listen;
            setsockopt $c, IPPROTO_TCP, TCP_NODELAY, 1;
            syswrite $fh, "connection $n\n";
            converse($c, $fh, $n, %does);
            close $c;
            POSIX::_exit(0);
        }
    }
    setpgrp $pid, $pid;
    push @children, $pid;
    return { port => $listen->sockport, log => $log, pid => $pid };
}

sub say_ {
    my ($c, $what, @more) = @_;
    return 1 unless defined $what;
    return $what->($c, @more) if ref $what;
    syswrite $c, join '', map { "$_\r\n" } split /\n/, $what;
    return 1;
}

sub converse {
    my ($c, $fh, $n, %does) = @_;
    my %say = (
        greet => '220 shop.example ESMTP', ehlo => "250-shop.example\n250 8BITMIME",
        starttls => '220 go', mail => '250 ok', rcpt => '250 ok', data => '354 go on',
        dot => '250 2.0.0 taken', quit => '221 bye', %does);
    my ($to, $messages) = ('', 0);
    say_($c, $say{greet}, $n) or return;
    while (defined(my $line = <$c>)) {
        my $verb = lc(($line =~ /^([A-Za-z]+)/)[0] // '');
        $verb = 'ehlo' if $verb eq 'helo';
        $to = $1 if $line =~ /^RCPT TO:<(\d+)@/;
        say_($c, $say{$verb}, $n, $messages, $to) or return;
        return if $verb eq 'quit';
        next unless $verb eq 'data' && !ref $say{data} && $say{data} =~ /^354/;
        return if $say{body} && !$say{body}->($c);
        my $text = '';
        while (1) {
            my $got = <$c> // return;
            last if $got eq ".\r\n";
            $text .= $got =~ s/^\.//r;
        }
        $messages++;
        syswrite $fh, "dot $to\n";
        my $reply = ref $say{dot} ? $say{dot}->($c, $n, $messages, $to) : $say{dot};
        return unless $reply;
        syswrite $fh, "accepted $to\n" if $reply =~ /^250/;
        my $right = $text =~ /^Subject: $to\r\n\r\n\.\r\n\.\.two\r\n/m ? 1 : 0;
        syswrite $fh, "right $right\n";
        syswrite $c, join '', map { "$_\r\n" } split /\n/, $reply;
        return if $say{hang_up} && $say{hang_up} == $messages;
    }
}

# Takes the connection away without a FIN first.
sub reset_ {
    my ($c) = @_;
    setsockopt $c, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0;
    close $c;
    return 0;
}

# Says nothing more until the other side leaves.
sub silence {
    my ($c) = @_;
    while (sysread $c, my $buf, 65536) { }
    return 0;
}

# A reply byte by byte, each after a fifth of a second, until the other side leaves.
sub drip {
    my ($text) = @_;
    return sub {
        my ($c) = @_;
        for my $byte (split //, "$text\r\n") {
            return 0 if IO::Select->new($c)->can_read(0.2) && !sysread $c, my $buf, 4096;
            syswrite $c, $byte or return 0;
        }
        return 1;
    };
}

# The answers, a hash a message in the order they came; and what the server saw.
sub send_ {
    my ($server, $url, @options) = @_;
    $url =~ s/PORT/$server->{port}/;
    open my $out, '-|', $tool, @options, $url or die "$tool: $!";
    my (@answers, $marks, @notes);
    while (<$out>) {
        $marks = $1 if /^marks (\d+)/;
        @notes = /(\d+)/g if /^notes /;
        push @answers, { n => $1, class => $2, dead => !!$3, words => $4 }
            if /^(\d+) ([A-Z]+)( dead)? ?(.*)/;
    }
    close $out;
    my %seen = (exit => $? >> 8, marks => $marks, notes => \@notes, connections => 0, dots => 0, accepted => {},
        wrong => 0);
    open my $log, '<', $server->{log} or die "$server->{log}: $!";
    while (<$log>) {
        $seen{connections}++ if /^connection/;
        $seen{dots}++ if /^dot/;
        $seen{accepted}{$1}++ if /^accepted (\d+)/;
        $seen{wrong}++ if /^right 0/;
    }
    return \@answers, \%seen;
}

# One message, one class, perhaps its words.
sub expect {
    my ($name, $class, $words, $does, %more) = @_;
    my $server = server(%$does);
    my ($answers, $seen) = send_($server, $more{url} // 'smtp://127.0.0.1:PORT?timeout=20',
        @{ $more{options} // [] });
    stop($server->{pid});
    subtest $name => sub {
        is(scalar @$answers, 1, 'one answer');
        is($answers->[0]{class}, $class, 'its class') or diag($answers->[0]{words});
        like($answers->[0]{words}, $words, 'its words') if $words;
        is(!!$answers->[0]{dead}, !!$more{dead}, 'whether the mailbox is said to be dead');
        is(scalar keys %{ $seen->{accepted} }, $class eq 'DONE' ? 1 : 0, 'taken')
            unless $more{taken};
        is($seen->{dots}, $more{dots}, 'dots that came') if defined $more{dots};
        cmp_ok($seen->{notes}[0], '>=', $seen->{dots}, 'no dot came that was not noted before');
        is($seen->{notes}[1], 1, 'the answer is noted');
        is($seen->{notes}[2], 0, 'each note in its time');
    };
}

require POSIX;

# ---- as it should go ----
{
    my $server = server();
    my ($answers, $seen) = send_($server, 'smtp://127.0.0.1:PORT/mail.shop.example', '--messages',
        60);
    is(scalar(grep { $_->{class} eq 'DONE' } @$answers), 60, 'sixty messages are taken');
    is(join(' ', sort { $a <=> $b } keys %{ $seen->{accepted} }), join(' ', 1 .. 60),
        'each of them');
    is(scalar(grep { $_ != 1 } values %{ $seen->{accepted} }), 0, 'once');
    is($seen->{wrong}, 0, 'dots at the start of a line arrive');
    cmp_ok($seen->{connections}, '<=', 8, 'over at most eight connections');
    is($seen->{marks}, 60, 'the owner was asked before each dot');
    is("@{ $seen->{notes} }", '60 60 0', 'and told right before it, and of each answer');
    is($answers->[0]{words}, '250 2.0.0 taken', "the answer is the server's");
}
{
    my $server = server();
    my ($answers, $seen) = send_($server, 'smtp://127.0.0.1:PORT', qw(--messages 5 --at-once 1));
    is($seen->{connections}, 1, 'one after the other goes over one connection');
    is(scalar(grep { $_->{class} eq 'DONE' } @$answers), 5, 'and all are taken');
}

# ---- the connection goes ----
expect('no server', 'DEFER', qr/connect/i, {}, url => 'smtp://127.0.0.1:1');
expect('gone at once', 'DEFER', undef, { greet => \&reset_ });
expect('gone after EHLO', 'DEFER', undef, { ehlo => sub { 0 } });
expect('gone before 354', 'DEFER', undef, { data => sub { 0 } }, dots => 0);
expect('gone within the message', 'DEFER', undef, { narrow => 1, body => \&reset_ },
    options => ['--bytes', 16 << 20], dots => 0);
expect('gone after the dot', 'UNKNOWN', undef, { dot => sub { 0 } }, dots => 1);
expect('reset after the dot', 'UNKNOWN', undef, { dot => \&reset_ }, dots => 1);
expect('gone after 250', 'DONE', qr/^250 2\.0\.0 taken/, { hang_up => 1 });
expect('gone at QUIT', 'DONE', undef, { quit => sub { 0 } });
{
    my $server = server(hang_up => 1);
    my ($answers, $seen) = send_($server, 'smtp://127.0.0.1:PORT', qw(--messages 4 --at-once 1));
    is(scalar(grep { $_->{class} eq 'DONE' } @$answers), 4,
        'a connection that did not keep is no fault of the next message');
    is(scalar(grep { $_ != 1 } values %{ $seen->{accepted} }), 0, 'and none comes twice');
}
{
    # the second message of each connection hears 421 to its MAIL
    my $server = server(mail => sub {
        my ($c, $n, $messages) = @_;
        syswrite $c, $messages ? "421 4.7.0 too many\r\n" : "250 ok\r\n";
        return !$messages;
    });
    my ($answers, $seen) = send_($server, 'smtp://127.0.0.1:PORT', qw(--messages 3 --at-once 1));
    is(scalar(grep { $_->{class} eq 'DONE' } @$answers), 3,
        'a message a connection, if they insist');
    is($seen->{connections}, 3, 'on three connections');
}

# ---- it says later ----
expect('421 at the greeting', 'DEFER', qr/^421 busy/, { greet => '421 busy' });
expect('421 at EHLO', 'DEFER', qr/^421/, { ehlo => '421 leaving' });
expect('450 to the recipient', 'DEFER', qr/^450 4\.2\.0 later/, { rcpt => '450 4.2.0 later' });
expect('451 to DATA', 'DEFER', qr/^451/, { data => '451 no room' });
expect('451 after the dot', 'DEFER', qr/^451 4\.3\.0 no/, { dot => sub { '451 4.3.0 no' } });
expect('421 after the dot', 'DEFER', qr/^421/, { dot => sub { '421 leaving' } });

# ---- it says never ----
expect('550 5.1.1 to the recipient', 'FAIL', qr/^550 5\.1\.1 nobody/,
    { rcpt => '550 5.1.1 nobody' }, dead => 1);
expect('550 to the recipient', 'FAIL', qr/^550/, { rcpt => '550 blocked' });
expect('554 5.7.1 to the recipient', 'FAIL', qr/5\.7\.1/, { rcpt => '554 5.7.1 blocked' });
expect('552 to the sender', 'FAIL', qr/^552/, { mail => '552 too big' });
expect('554 to DATA', 'FAIL', qr/^554/, { data => '554 no' });
expect('550 after the dot', 'FAIL', qr/^550 5\.7\.0 two/,
{ dot => sub { "550-5.7.0 one\n550 5.7.0 two" } });
expect('nonsense after the dot', 'UNKNOWN', undef, { dot => sub { '999 what' } });

# ---- nothing can go out ----
sub after_334 {
    my ($reply) = @_;
    return sub {
        my ($c) = @_;
        syswrite $c, "334 \r\n";
        <$c> // return 0;
        syswrite $c, "$reply\r\n";
        return 1;
    };
}

my $login = 'smtp://shop:s%40crt@127.0.0.1:PORT?timeout=20';
expect('login', 'DONE', undef, { ehlo => "250-x\n250 AUTH PLAIN", auth => after_334('235 in') },
    url => $login);
expect('535 to the login', 'HALT', qr/^535 5\.7\.8 no/,
    { ehlo => "250-x\n250 AUTH PLAIN", auth => after_334('535 5.7.8 no') },
    url => $login);
expect('454 to the login', 'DEFER', qr/^454/,
    { ehlo => "250-x\n250 AUTH PLAIN", auth => after_334('454 later') },
    url => $login);
expect('no login both know', 'HALT', undef, { ehlo => "250-x\n250 AUTH GSSAPI" }, url => $login);
expect('530 without a login', 'HALT', qr/^530/, { mail => '530 5.7.0 log in' });
expect('554 at the greeting', 'HALT', qr/^554 go away/, { greet => '554 go away' });
expect('550 to HELO', 'HALT', qr/^550/, { ehlo => '550 no' });

# ---- TLS ----
expect('TLS required and not offered', 'HALT', undef, {},
    url => 'smtp://127.0.0.1:PORT?tls=required&timeout=20', dots => 0);
expect('TLS offered and garbled', 'HALT', undef,
    { ehlo => "250-x\n250 STARTTLS", starttls => sub {
        syswrite $_[0], "220 go\r\n";
        sysread $_[0], my $hello, 4096;
        syswrite $_[0], "nonsense, a line of it\r\n";
        return silence($_[0]);
    } });
expect('TLS offered and refused', 'HALT', undef,
    { ehlo => "250-x\n250 STARTTLS", starttls => '554 no' },
    url => 'smtp://127.0.0.1:PORT?tls=required&timeout=20');
expect('TLS offered, gone within the handshake', 'DEFER', undef,
    { ehlo => "250-x\n250 STARTTLS", starttls => sub { syswrite $_[0], "220 go\r\n"; 0 } });
expect('TLS not wanted', 'DONE', undef, { ehlo => "250-x\n250 STARTTLS", starttls => '554 no' },
    url => 'smtp://127.0.0.1:PORT?tls=none');
expect('smtps to a server without', 'HALT', undef, {}, url => 'smtps://127.0.0.1:PORT?timeout=20');

SKIP: {
    my $made = `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \\
        -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 -keyout $dir/key.pem \\
        -out $dir/cert.pem 2>&1; echo \$?`;
    skip 'no openssl command to make a certificate with', 5 unless ($made // '') =~ /\n?0\n\z/;
    my $program = <<'PYTHON';
import asyncio, os, ssl, sys
from aiosmtpd.smtp import SMTP
class Handler:
    async def handle_DATA(self, server, session, envelope):
        return '250 taken' + (' by TLS' if session.ssl else '')
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1] + '/cert.pem', sys.argv[1] + '/key.pem')
os.dup2(os.open('/dev/null', os.O_WRONLY), 2)
loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
make = lambda **more: lambda: SMTP(Handler(), hostname='x', loop=loop, **more)
servers = [loop.run_until_complete(loop.create_server(make(), '127.0.0.1', 0, ssl=context)),
    loop.run_until_complete(loop.create_server(make(tls_context=context), '127.0.0.1', 0))]
print(*[s.sockets[0].getsockname()[1] for s in servers], flush=True)
loop.run_until_complete(asyncio.get_event_loop().run_in_executor(None, sys.stdin.read))
PYTHON
    my $pid = open2(my $from, my $to, '/usr/bin/python3', '-c', $program, $dir);
    my ($smtps, $starttls) = split ' ', <$from> // '';
    skip 'no aiosmtpd', 5 unless $starttls;
    push @children, $pid;
    for my $case ([ 'smtps, an unknown certificate', 'smtps', $smtps, '', 'HALT' ],
        [ 'smtps, one that we trust', 'smtps', $smtps, "&ca=$dir/cert.pem", 'DONE' ],
        [ 'STARTTLS, an unknown certificate', 'smtp', $starttls, '', 'HALT' ],
        [ 'STARTTLS, one that we trust', 'smtp', $starttls, "&ca=$dir/cert.pem", 'DONE' ]) {
        my ($name, $scheme, $port, $more, $class) = @$case;
        my ($answers) = send_({ port => $port, log => '/dev/null' },
            "$scheme://127.0.0.1:PORT?timeout=20$more");
        is($answers->[0]{class}, $class, $name) or diag($answers->[0]{words});
        is($answers->[0]{words}, '250 taken by TLS', 'over TLS')
            if $class eq 'DONE' && $scheme eq 'smtp';
    }
    close $to;
}

# ---- a byte at a time ----
my $short = 'smtp://127.0.0.1:PORT?timeout=1';
expect('a slow greeting', 'DEFER', undef, { greet => drip('220 ' . 'x' x 40) }, url => $short);
expect('a slow reply to DATA', 'DEFER', undef, { data => drip('354 ' . 'x' x 40) }, url => $short);
expect('a slow reply to the dot', 'UNKNOWN', undef,
    { dot => sub { drip('250 ' . 'x' x 40)->(@_) && '' } }, url => $short, dots => 1);
expect('a slow reader', 'DEFER', undef, { narrow => 1, body => sub {
    # until the other side leaves, which this one sees only behind what it has not read
    for (1 .. 50) {
        sysread $_[0], my $byte, 1 or return 0;
        select undef, undef, undef, 0.1;
    }
    return 0;
} }, url => $short, options => ['--bytes', 16 << 20], dots => 0);
expect('silence after the dot', 'UNKNOWN', undef, { dot => sub { silence($_[0]); '' } },
    url => $short, dots => 1);

# ---- one that hangs does not hold the others ----
{
    my $server = server(dot => sub {
        my ($c, $n, $messages, $to) = @_;
        return '250 taken' if $to != 3;
        silence($c);
        return '';
    });
    my ($answers) = send_($server, 'smtp://127.0.0.1:PORT?timeout=2', qw(--messages 30));
    is(scalar @$answers, 30, 'all have an answer beside one that hangs after its dot');
    is("$answers->[-1]{n} $answers->[-1]{class}", '3 UNKNOWN', 'that one is last, and unknown');
    is(scalar(grep { $_->{class} eq 'DONE' } @$answers), 29, 'the others are taken');
}

# ---- the owner ----
expect('the owner forbids the last bytes', 'DEFER', qr/written down/, {}, options => ['--refuse'],
    dots => 0);
{
    my $server = server(dot => sub {
        my ($c, $n, $messages, $to) = @_;
        return '250 ok' if $to == 1;
        silence($c);
        return '';
    });
    my $before = time;
    my ($answers, $seen) = send_($server, 'smtp://127.0.0.1:PORT', qw(--messages 5 --leave 1));
    is($seen->{exit}, 0, 'closing while four hang');
    cmp_ok(time - $before, '<', 20, 'does not wait for them');
}
for my $bad ('smtp://127.0.0.1:PORT?tls=maybe', 'smtp://127.0.0.1:PORT?timeout=0', 'smtp://',
    'smtp://127.0.0.1:PORT?ca=/nowhere', 'ftp://shop:secret@127.0.0.1:PORT') {
    my ($answers) = send_({ port => 25, log => '/dev/null' }, $bad);
    is($answers->[0]{class}, 'CLOSED', "refused: $answers->[0]{words}");
    unlike($answers->[0]{words}, qr/secret/, 'without showing a password');
}

done_testing();
