# 500 visitors make 20,000 requests over 4 pages at full speed, on 2 workers: what live/ counts for
# each visitor and page is what the client got, exactly; through a reload, and when workers are
# killed: then at most the one visit is missing whose answer was out and whose log phase had not run.

use strict;
use warnings;
use lib 't/lib';
use Senda::Test;
use Test::More;

my %page = ('/one' => 'one', '/two/x?b=2' => 'two', '/three.html' => 'three', '/four/' => 'four');
my @paths = sort keys %page;
my $rules = <<'END';
site shop.test
page one
match GET /one
page two
match GET /two/*
page three
match GET /three.html
page four
match GET /four
END
my %conf = (
    workers => 2,
    http => 'keepalive_requests 10000;',
    server => 'location / { return 200 "<p>here</p>"; }',
);

# The client in the background; the handle on its progress, read to find the middle.
sub load_client {
    my ($t, $visitors, $requests) = @_;
    my $out = $t->dir . '/load.out';
    pipe(my $read, my $write) or die "pipe: $!";
    my $pid = fork // die "fork: $!";
    if ($pid == 0) {
        open STDOUT, '>', $out;
        open STDERR, '>&', $write;
        exec $t->tool('tool_load'), $t->port, 'shop.test', $t->store . '/nginx.key', 'senda',
            $visitors, $requests, 24, @paths or POSIX::_exit(127);
    }
    close $write;
    return { pid => $pid, progress => $read, out => $out };
}

sub wait_progress {
    my ($client, $answers) = @_;
    my $fh = $client->{progress};
    while (my $line = <$fh>) {
        return if $line =~ /^progress (\d+)/ && $1 >= $answers;
        die $line if $line !~ /^progress/;
    }
}

# VISITOR → page → [answered, broken], and the sums.
sub result {
    my ($client) = @_;
    my $fh = $client->{progress};
    1 while <$fh>;
    waitpid $client->{pid}, 0;
    is($?, 0, 'the client ended well');
    my (%got, @total);
    for (split /\n/, Senda::Test::slurp($client->{out})) {
        if (/^total (\d+) (\d+)/) { @total = ($1, $2); }
        elsif (/^(\S+) (\S+) (\d+) (\d+)$/) { $got{$1}{ $page{$2} } = [$3, $4]; }
    }
    return (\%got, @total);
}

# Lists what differs: missing visits and visits too many.
sub compare {
    my ($t, $got) = @_;
    my $counts = $t->counts;
    my ($missing, $extra, @lines) = (0, 0);
    for my $visitor (sort keys %$got) {
        for my $name (values %page) {
            my ($answered, $broken) = @{ $got->{$visitor}{$name} };
            my $counted = $counts->{$visitor}{$name} // 0;
            $missing += $answered - $counted if $counted < $answered;
            $extra += $counted - $answered - $broken if $counted > $answered + $broken;
            push @lines, "$visitor $name: answered $answered, broken $broken, counted $counted"
                if $counted != $answered;
        }
    }
    my $strangers = grep { !$got->{$_} } keys %$counts;
    diag(join "\n", grep { defined } @lines[0 .. 9]) if $missing || $extra;
    return ($missing, $extra, $strangers);
}

subtest 'a reload in the middle' => sub {
    my $t = Senda::Test->new;
    $t->publish($rules);
    $t->start(%conf);
    my $client = load_client($t, 500, 20_000);
    wait_progress($client, 10_000);
    $t->reload;
    my ($got, $answered, $broken) = result($client);
    ok($answered + $broken == 20_000, "20,000 requests: $answered answered, $broken broken");
    ok($answered > 19_900, 'a reload breaks next to nothing');
    is(scalar(keys %$got), 500, '500 visitors');
    $t->wait_drained;
    my ($missing, $extra, $strangers) = compare($t, $got);
    is($missing, 0, 'no visit is missing');
    is($extra, 0, 'no visit is counted twice');
    is($strangers, 0, 'no visitor whom the client does not know');
    my $rings = $t->rings;
    is($rings->{full}, 0, 'no ring was full');
    my %sum;
    for my $v (values %{ $t->counts }) { $sum{$_} += $v->{$_} for keys %$v; }
    is($sum{any}, $answered, 'any counted page: the sum of all');
    my $visits = grep { $_->{flags} & 2 } $t->journal;
    is($visits, $answered, 'the journal holds each visit once');
    $t->finish;
};

subtest 'workers killed in the middle' => sub {
    my $t = Senda::Test->new;
    $t->allow('exited on signal 9');
    $t->publish($rules);
    $t->start(%conf);
    my $client = load_client($t, 500, 20_000);
    my $killed = 0;
    for my $at (map { $_ * 2000 } 1 .. 8) {
        wait_progress($client, $at);
        my @workers = $t->workers;
        next unless @workers;
        $t->remember;
        kill KILL => $workers[$at / 2000 % @workers] and $killed++;
    }
    my ($got, $answered, $broken) = result($client);
    ok($killed >= 4, "$killed workers were killed");
    ok($answered > 15_000, "$answered answered, $broken broken");
    $t->wait_drained(20);
    my ($missing, $extra) = compare($t, $got);
    cmp_ok($missing, '<=', $killed, "at most one is missing for each killed worker: $missing");
    is($extra, 0, 'no visit is counted twice');
    $t->finish;
};

subtest 'the drain killed in the middle' => sub {
    my $t = Senda::Test->new;
    $t->allow('exited on signal 9');
    $t->publish($rules);
    $t->start(%conf);
    my $client = load_client($t, 500, 20_000);
    my $killed = 0;
    for my $at (map { $_ * 1000 } 1 .. 18) {
        wait_progress($client, $at);
        my $drain = $t->drain or next;
        $t->remember;
        kill KILL => $drain and $killed++;
    }
    my ($got, $answered) = result($client);
    ok($killed >= 3, "the drain was killed $killed times");
    $t->wait_drained(20);
    my ($missing, $extra) = compare($t, $got);
    is($missing, 0, 'no visit is missing');
    is($extra, 0, 'no visit is counted twice');
    $t->finish;
};

done_testing();
