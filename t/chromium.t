# One session of headless Chromium with JavaScript off walks the demo's shop: the banner for the
# tag `vestir` is absent on the first three heel pages and there on the fourth, in that response.
#
# The browser is driven over its pipe (--remote-debugging-pipe): messages of JSON, each ended by a
# NUL, on the descriptors 3 and 4. Nothing but core Perl is needed.

use strict;
use warnings;
use File::Temp qw(tempdir);
use IO::Select;
use JSON::PP;
use POSIX qw(dup2 WNOHANG);
use Test::More;
use Time::HiRes qw(time);

my ($chromium) = grep { -x } map { "$_/chromium" } split /:/, "$ENV{PATH}:/usr/bin";
plan skip_all => 'chromium is not installed' unless $chromium;

my $build = $ENV{SENDA_BUILD} // 'build';
my (%child, $shop_in, $shop_hold);
my $owner = $$;
# The shop closes by itself at the end of its input; who does not end is ended.
END {
    if (defined $owner && $$ == $owner) {
        my $status = $?;
        $SIG{$_} = 'IGNORE' for qw(INT TERM HUP);
        close $shop_hold if $shop_hold;
        for my $signal (0, 'TERM', 'KILL') {
            my $until = time + 10;
            kill $signal => keys %child if $signal;
            while (%child && time < $until) {
                waitpid($_, WNOHANG) != 0 and delete $child{$_} for keys %child;
                select undef, undef, undef, 0.05;
            }
        }
        $? = $status;
    }
}
$SIG{$_} = sub { exit 1 } for qw(INT TERM HUP);
$SIG{PIPE} = 'IGNORE';

# ---- the shop ----

pipe $shop_in, $shop_hold or die "pipe: $!";
pipe my $shop_say, my $shop_out or die "pipe: $!";
spawn(sub {
    dup2(fileno $shop_in, 0);
    dup2(fileno $shop_out, 1);
    close $shop_hold;
    exec $^X, 'conf/demo/demo.pl', '--build', $build, '--serve';
});
close $shop_out;
my $shop = read_line($shop_say, 60);
like($shop, qr{^http://127\.0\.0\.1:\d+/$}, 'the shop is open') or BAIL_OUT('no shop');

# ---- the browser ----

my $profile = tempdir(CLEANUP => 1);
pipe my $to_browser, my $send or die "pipe: $!";
pipe my $receive, my $from_browser or die "pipe: $!";
spawn(sub {
    # The two ends may have the numbers 3 and 4 themselves: out of the way first.
    my ($in, $out) = map { dup2($_->[0], $_->[1]) } [ fileno $to_browser, 20 ], [ fileno $from_browser, 21 ];
    dup2($in, 3);
    dup2($out, 4);
    open STDOUT, '>', '/dev/null';
    open STDERR, '>', '/dev/null';
    exec $chromium, '--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage',
        '--disable-background-networking', '--no-first-run', '--disable-extensions',
        '--blink-settings=scriptEnabled=false', "--user-data-dir=$profile",
        '--remote-debugging-pipe', 'about:blank';
});
close $_ for $to_browser, $from_browser;

my ($last_id, $buffer, @events) = (0, '');
my $select = IO::Select->new($receive);

my $target = command('Target.createTarget', { url => 'about:blank' })->{targetId};
my $session = command('Target.attachToTarget', { targetId => $target, flatten => JSON::PP::true })
    ->{sessionId};
ok($session, 'the browser runs');
command('Page.enable');
command('Network.enable');
command('Emulation.setScriptExecutionDisabled', { value => JSON::PP::true });
# Headless Chromium says so in its name, and robots are not remembered.
command('Network.setUserAgentOverride', { userAgent =>
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36' });

# ---- the walk ----

my $home = open_page('');
like($home, qr/La <b>Zapater/, 'the home page');
like($home, qr/formaction="\/consiento\/si"/, 'asks for consent');
click('button[formaction="/consiento/si"]');
unlike(document(), qr/formaction="\/consiento/, 'asked no more after a yes');

my @path = qw(tacon tacon/rojo tacon/azul tacon);
my (@response, @seen);
for my $path (@path) {
    my $body = open_page($path);
    push @response, $body =~ /id="banner-vestir"/ ? 1 : 0;
    push @seen, document() =~ /id="banner-vestir"/ ? 1 : 0;
}
is("@response", '0 0 0 1', 'in the responses: absent on pages 1 to 3, there on the 4th');
is("@seen", '0 0 0 1', 'and so it stands in the pages shown');
my ($cookie) = grep { $_->{name} eq 'senda' } @{ command('Network.getCookies')->{cookies} };
ok($cookie, 'the visitor has the cookie');
ok($cookie && $cookie->{httpOnly}, 'which scripts could not read');
is($cookie && $cookie->{sameSite}, 'Lax', 'and which other sites do not send');

# A page that scripts would have changed proves that they are off.
open_page('', 'data:text/html,<p id=p>off</p><script>document.body.innerHTML="on"</script>');
like(document(), qr/>off</, 'JavaScript was off');

eval { command('Browser.close') };
done_testing();

# ---- helpers ----

sub spawn {
    my ($run) = @_;
    my $pid = fork // die "fork: $!";
    if (!$pid) { undef $owner; $run->(); POSIX::_exit(127) }
    $child{$pid} = 1;
    return $pid;
}

sub read_line {
    my ($fh, $seconds) = @_;
    my $until = time + $seconds;
    my $line = '';
    my $ready = IO::Select->new($fh);
    while (time < $until && $line !~ /\n/) {
        next unless $ready->can_read(0.5);
        sysread $fh, $line, 4096, length $line or last;
    }
    return $line =~ s/\n.*//sr;
}

# The next message from the browser.
sub message {
    my $until = time + 30;
    while ($buffer !~ /\0/) {
        die "the browser does not answer\n" if time > $until;
        next unless $select->can_read(0.5);
        sysread $receive, $buffer, 65536, length $buffer or die "the browser is gone\n";
    }
    $buffer =~ s/^(.*?)\0//s;
    return decode_json($1);
}

# Sends a command and waits for its answer; events that come meanwhile are kept.
sub command {
    my ($method, $params) = @_;
    my %message = (id => ++$last_id, method => $method, params => $params // {});
    $message{sessionId} = $session if $session && $method !~ /^(?:Target|Browser)\./;
    my $bytes = encode_json(\%message) . "\0";
    while (length $bytes) {
        my $n = syswrite $send, $bytes or die "the browser is gone\n";
        substr $bytes, 0, $n, '';
    }
    while (1) {
        my $answer = message();
        if (!$answer->{id}) { push @events, $answer; next }
        next if $answer->{id} != $last_id;
        die "$method: $answer->{error}{message}\n" if $answer->{error};
        return $answer->{result};
    }
}

# Waits for an event that a test accepts.
sub event {
    my ($name, $test) = @_;
    while (1) {
        while (my $e = shift @events) {
            return $e->{params} if $e->{method} eq $name && (!$test || $test->($e->{params}));
        }
        my $e = message();
        push @events, $e if !$e->{id};
    }
}

# Opens a page of the shop; the body of its response as it came over the wire.
sub open_page {
    my ($path, $address) = @_;
    @events = ();
    my $url = $address // "$shop$path";
    command('Page.navigate', { url => $url });
    return '' if $address && event('Page.loadEventFired');
    my $got = event('Network.responseReceived', sub {
        $_[0]{type} eq 'Document' && $_[0]{response}{url} eq $url });
    is($got->{response}{status}, 200, "/$path is answered");
    event('Page.loadEventFired');
    my $body = command('Network.getResponseBody', { requestId => $got->{requestId} });
    return $body->{body};
}

sub document {
    my $node = command('DOM.getDocument')->{root}{nodeId};
    return command('DOM.getOuterHTML', { nodeId => $node })->{outerHTML};
}

# A click of the mouse in the middle of an element; waits for the page that follows.
sub click {
    my ($selector) = @_;
    my $root = command('DOM.getDocument')->{root}{nodeId};
    my $node = command('DOM.querySelector', { nodeId => $root, selector => $selector })->{nodeId};
    command('DOM.scrollIntoViewIfNeeded', { nodeId => $node });
    my $quad = command('DOM.getBoxModel', { nodeId => $node })->{model}{content};
    my ($x, $y) = (($quad->[0] + $quad->[4]) / 2, ($quad->[1] + $quad->[5]) / 2);
    @events = ();
    for my $type (qw(mousePressed mouseReleased)) {
        command('Input.dispatchMouseEvent', { type => $type, x => $x, y => $y, button => 'left',
            clickCount => 1 });
    }
    event('Page.loadEventFired');
}
