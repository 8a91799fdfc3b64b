# Headless Chromium with JavaScript off, and the demo's shop for it to walk through.
#
#   my $shop = Senda::Browser->shop('--tls');       # conf/demo/demo.pl --serve; closed at the end
#   my $b = Senda::Browser->new('--ignore-certificate-errors');
#   $b->open_page($shop->{url} . 'tacon'); $b->click('button'); $b->document; $b->cookies;
#
# The browser is driven over its pipe (--remote-debugging-pipe): messages of JSON, each ended by a
# NUL, on the descriptors 3 and 4. Nothing but core Perl is needed.

package Senda::Browser;

use strict;
use warnings;
use File::Temp qw(tempdir);
use IO::Select;
use JSON::PP;
use POSIX qw(dup2 WNOHANG);
use Test::More;
use Time::HiRes qw(time);

my (%child, @shops);
my $owner = $$;
# A shop closes by itself at the end of its input; who does not end is ended.
END {
    if (defined $owner && $$ == $owner) {
        my $status = $?;
        $SIG{$_} = 'IGNORE' for qw(INT TERM HUP);
        close $_->{hold} for @shops;
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

sub installed { return (grep { -x } map { "$_/chromium" } split /:/, "$ENV{PATH}:/usr/bin")[0] }

sub spawn {
    my ($run) = @_;
    my $pid = fork // die "fork: $!";
    if (!$pid) { undef $owner; $run->(); POSIX::_exit(127) }
    $child{$pid} = 1;
    return $pid;
}

# ---- the shop ----

# url, store, live: its address and where it keeps what it knows.
sub shop {
    my ($class, @options) = @_;
    my $build = $ENV{SENDA_BUILD} // 'build';
    pipe my $in, my $hold or die "pipe: $!";
    pipe my $say, my $out or die "pipe: $!";
    spawn(sub {
        dup2(fileno $in, 0);
        dup2(fileno $out, 1);
        close $hold;
        close $_->{hold} for @shops;
        exec $^X, 'conf/demo/demo.pl', '--build', $build, '--serve', @options;
    });
    close $out;
    my ($url, $store, $live) = split /\n/, read_lines($say, 3, 60);
    my $shop = { hold => $hold, url => $url, store => $store, live => $live };
    push @shops, $shop;
    return $shop;
}

sub read_lines {
    my ($fh, $n, $seconds) = @_;
    my $until = time + $seconds;
    my $text = '';
    my $ready = IO::Select->new($fh);
    while (time < $until && $text !~ /(?:\n.*){$n}/s) {
        next unless $ready->can_read(0.5);
        sysread $fh, $text, 4096, length $text or last;
    }
    return $text;
}

# ---- the browser ----

sub new {
    my ($class, @options) = @_;
    my $chromium = installed();
    my $profile = tempdir(CLEANUP => 1);
    pipe my $to_browser, my $send or die "pipe: $!";
    pipe my $receive, my $from_browser or die "pipe: $!";
    spawn(sub {
        # The two ends may have the numbers 3 and 4 themselves: out of the way first.
        my ($in, $out) = map { dup2($_->[0], $_->[1]) }
            [ fileno $to_browser, 20 ], [ fileno $from_browser, 21 ];
        close $_->{hold} for @shops;
        dup2($in, 3);
        dup2($out, 4);
        open STDOUT, '>', '/dev/null';
        open STDERR, '>', '/dev/null';
        exec $chromium, '--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage',
            '--disable-background-networking', '--no-first-run', '--disable-extensions',
            '--blink-settings=scriptEnabled=false', "--user-data-dir=$profile",
            '--remote-debugging-pipe', @options, 'about:blank';
    });
    close $_ for $to_browser, $from_browser;
    my $self = bless { send => $send, receive => $receive, select => IO::Select->new($receive),
        last_id => 0, buffer => '', events => [] }, $class;
    my $target = $self->command('Target.createTarget', { url => 'about:blank' })->{targetId};
    $self->{session} = $self->command('Target.attachToTarget',
        { targetId => $target, flatten => JSON::PP::true })->{sessionId};
    $self->command('Page.enable');
    $self->command('Network.enable');
    $self->command('Emulation.setScriptExecutionDisabled', { value => JSON::PP::true });
    # Headless Chromium says so in its name, and robots are not remembered.
    $self->command('Network.setUserAgentOverride', { userAgent =>
        'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36' });
    return $self;
}

sub close_it { my ($self) = @_; eval { $self->command('Browser.close') }; }

# The next message from the browser.
sub message {
    my ($self) = @_;
    my $until = time + 30;
    while ($self->{buffer} !~ /\0/) {
        die "the browser does not answer\n" if time > $until;
        next unless $self->{select}->can_read(0.5);
        sysread $self->{receive}, $self->{buffer}, 65536, length $self->{buffer}
            or die "the browser is gone\n";
    }
    $self->{buffer} =~ s/^(.*?)\0//s;
    return decode_json($1);
}

# Sends a command and waits for its answer; events that come meanwhile are kept.
sub command {
    my ($self, $method, $params) = @_;
    my %message = (id => ++$self->{last_id}, method => $method, params => $params // {});
    $message{sessionId} = $self->{session} if $self->{session} && $method !~ /^(?:Target|Browser)\./;
    my $bytes = encode_json(\%message) . "\0";
    while (length $bytes) {
        my $n = syswrite $self->{send}, $bytes or die "the browser is gone\n";
        substr $bytes, 0, $n, '';
    }
    while (1) {
        my $answer = $self->message;
        if (!$answer->{id}) { push @{ $self->{events} }, $answer; next }
        next if $answer->{id} != $self->{last_id};
        die "$method: $answer->{error}{message}\n" if $answer->{error};
        return $answer->{result};
    }
}

# Waits for an event that a test accepts.
sub event {
    my ($self, $name, $test) = @_;
    while (1) {
        while (my $e = shift @{ $self->{events} }) {
            return $e->{params} if $e->{method} eq $name && (!$test || $test->($e->{params}));
        }
        my $e = $self->message;
        push @{ $self->{events} }, $e if !$e->{id};
    }
}

# Opens a page; the body of its response as it came over the wire. {protocol}: how it came.
sub open_page {
    my ($self, $url) = @_;
    $self->{events} = [];
    $self->command('Page.navigate', { url => $url });
    return '' if $url =~ /^data:/ && $self->event('Page.loadEventFired');
    my $got = $self->event('Network.responseReceived', sub {
        $_[0]{type} eq 'Document' && $_[0]{response}{url} eq $url });
    is($got->{response}{status}, 200, "$url is answered");
    $self->{protocol} = $got->{response}{protocol};
    $self->event('Page.loadEventFired');
    return $self->command('Network.getResponseBody', { requestId => $got->{requestId} })->{body};
}

sub document {
    my ($self) = @_;
    my $node = $self->command('DOM.getDocument')->{root}{nodeId};
    return $self->command('DOM.getOuterHTML', { nodeId => $node })->{outerHTML};
}

# name → cookie, of the page that is shown.
sub cookies {
    my ($self) = @_;
    return { map { $_->{name} => $_ } @{ $self->command('Network.getCookies')->{cookies} } };
}

# A click of the mouse in the middle of an element; waits for the page that follows.
sub click {
    my ($self, $selector) = @_;
    my $root = $self->command('DOM.getDocument')->{root}{nodeId};
    my $node = $self->command('DOM.querySelector', { nodeId => $root, selector => $selector })->{nodeId};
    $self->command('DOM.scrollIntoViewIfNeeded', { nodeId => $node });
    my $quad = $self->command('DOM.getBoxModel', { nodeId => $node })->{model}{content};
    my ($x, $y) = (($quad->[0] + $quad->[4]) / 2, ($quad->[1] + $quad->[5]) / 2);
    $self->{events} = [];
    for my $type (qw(mousePressed mouseReleased)) {
        $self->command('Input.dispatchMouseEvent', { type => $type, x => $x, y => $y, button => 'left',
            clickCount => 1 });
    }
    $self->event('Page.loadEventFired');
}

1;
