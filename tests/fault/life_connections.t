# Ten thousand idle connections, then as many slow clients: they are held, others are served
# meanwhile, and when they are gone the worker's memory is what it was, within 5 %. The start is a
# worker that has held as many once: the C library keeps what nginx gave back, without Senda too.

use strict;
use warnings;
use lib 't/lib';
use IO::Select;
use Senda::Load;
use Senda::Test;
use Test::More;

my $connections = full(500, 10_000);
my ($soft) = `sh -c 'ulimit -Hn'` =~ /(\d+)/;
plan skip_all => "only $soft files may be open" if $soft && $soft < $connections + 100;

my $t = Senda::Test->new;
$t->publish($Senda::Load::rules);
$t->start(
    workers => 1, # how connections fall to several would make a difference of its own
    main => 'worker_rlimit_nofile ' . ($connections + 500) . ';',
    events => '',
    http => 'keepalive_timeout 300s; client_header_timeout 300s; keepalive_requests 100000;',
    server => 'location / { add_header X-Seen "$senda_visits_one $senda_tags"; return 200 "<p>here</p>"; }',
    connections => 2 * $connections, # when few are left, nginx closes idle ones
);

# kB in use of all workers that are not shared with others (rings, stores and nginx itself are).
sub memory {
    my $kb = 0;
    for my $pid ($t->workers) {
        open my $fh, '<', "/proc/$pid/status" or next;
        while (<$fh>) { $kb += $1 if /^RssAnon:\s+(\d+)/; }
    }
    return $kb;
}

# Starts the client, calls what is to be seen while it holds, ends it; how many it held.
sub with_clients {
    my ($how, $n, $see) = @_;
    pipe my $in, my $hold or die "pipe: $!";
    pipe my $out, my $say or die "pipe: $!";
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        close $hold;
        open STDIN, '<&', $in;
        open STDOUT, '>&', $say;
        exec $t->tool('tool_idle'), $t->port, 'shop.test', $how, $n or POSIX::_exit(127);
    }
    close $_ for $in, $say;
    IO::Select->new($out)->can_read(120) or die "no answer of tool_idle\n";
    my ($held) = (<$out> // '') =~ /^held (\d+)/;
    $see->();
    close $hold;
    waitpid $pid, 0;
    return $held // 0;
}

sub connected {
    my $n = () = Senda::Test::slurp('/proc/net/tcp') =~ /^\s*\d+: 0100007F:@{[ sprintf '%04X', $t->port ]} \S+ 01 /mg;
    return $n;
}

for my $how (qw(idle slow half)) {
    with_clients($how, $connections, sub { });
    $t->wait_for(sub { !connected() }, 'the connections are gone', 30);
}
my $before = memory();
cmp_ok($before, '>', 0, "the worker's memory: $before kB");
my @said;
for my $how (qw(idle slow half)) {
    my $most = 0;
    my $answered = 0;
    my $held = with_clients($how, $connections, sub {
        $most = memory();
        $answered = grep { $t->get('/two/x')->status == 200 } 1 .. 50;
    });
    is($held, $connections, "$how: $connections connections are held");
    is($answered, 50, "$how: others are served meanwhile");
    $t->wait_for(sub { !connected() }, 'the connections are gone', 30);
    my $after = memory();
    cmp_ok($after, '<=', $before * 1.05, "$how: memory is back: $after kB of $most kB, $before kB before");
    push @said, "$how $most kB, afterwards $after kB";
}
figure('life', "$connections connections, $before kB before: " . join '; ', @said);
$t->wait_drained;
$t->done;
