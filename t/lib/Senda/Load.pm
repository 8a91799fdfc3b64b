# Visitors who load a shop of four pages while something is done to nginx, and the comparison: what
# live/ counts for each visitor and page is what the client was answered.
#
#   my $load = Senda::Load->new($t, visitors => 500, requests => 20_000);   # after start
#   $load->wait_for(10_000);                                                # answers
#   my $r = $load->compare;       # waits for the end and for the drain
#   # $r: answered, broken, missing, extra, strangers, late (over 1 s), slowest (ms)
#
# full(SHORT, FULL) is FULL under `make fault`; figure('F1', …) says a row's figure.

package Senda::Load;

use strict;
use warnings;
use Exporter qw(import);
use IO::Select;
use Senda::Test;
use Test::More;

our @EXPORT = qw(full figure);

our %page = ('/one' => 'one', '/two/x?b=2' => 'two', '/three.html' => 'three', '/four/' => 'four');
our $rules = <<'END';
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
our %conf = (
    workers => 2,
    http => 'keepalive_requests 10000;',
    server => 'location / { return 200 "<p>here</p>"; }',
);

sub full { return $ENV{SENDA_FULL} ? $_[1] : $_[0] }
sub figure { my ($row, $text) = @_; diag("$row: $text") if $ENV{SENDA_FULL}; }

# Starts the client: visitors, requests, connections, rate (a second; 0: as fast as it goes).
sub new {
    my ($class, $t, %o) = @_;
    my $out = $t->dir . '/load.out';
    pipe(my $read, my $write) or die "pipe: $!";
    my $pid = fork // die "fork: $!";
    if ($pid == 0) {
        open STDOUT, '>', $out;
        open STDERR, '>&', $write;
        exec $t->tool('tool_load'), $o{rate} ? "rate=$o{rate}" : (), $t->port, 'shop.test',
            $t->store . '/nginx.key', 'senda', $o{visitors} // 500, $o{requests} // 20_000,
            $o{connections} // 24, sort keys %page or POSIX::_exit(127);
    }
    close $write;
    return bless { t => $t, pid => $pid, progress => $read, out => $out, said => '', answers => 0,
        over => 0 }, $class;
}

# Reads what the client says, for at most some seconds; false when it has ended.
sub look {
    my ($self, $seconds) = @_;
    return 0 if $self->{over};
    return 1 unless IO::Select->new($self->{progress})->can_read($seconds);
    if (!sysread $self->{progress}, $self->{said}, 4096, length $self->{said}) {
        $self->{over} = 1;
        return 0;
    }
    while ($self->{said} =~ s/^(.*)\n//) {
        my $line = $1;
        die "$line\n" unless $line =~ /^progress (\d+)/;
        $self->{answers} = $1;
    }
    return 1;
}

# Waits until so many answers have come, or the client has ended.
sub wait_for {
    my ($self, $answers) = @_;
    while ($self->{answers} < $answers) { $self->look(20) or return; }
}

# Whether it still runs.
sub runs { return $_[0]->look(0) }

# VISITOR → page → [answered, broken], and the sums.
sub result {
    my ($self) = @_;
    while ($self->look(20)) { }
    waitpid $self->{pid}, 0;
    is($?, 0, 'the client ended well');
    my (%got, %sum);
    for (split /\n/, Senda::Test::slurp($self->{out})) {
        if (/^total (\d+) (\d+)$/) { @sum{qw(answered broken)} = ($1, $2); }
        elsif (/^waits (\d+) (\d+)$/) { @sum{qw(late slowest)} = ($1, $2); }
        elsif (/^(\S+) (\S+) (\d+) (\d+)$/) { $got{$1}{ $page{$2} } = [$3, $4]; }
    }
    return (\%got, \%sum);
}

sub compare {
    my ($self, $seconds) = @_;
    my ($got, $sum) = $self->result;
    $self->{t}->wait_drained($seconds // 20);
    my $counts = $self->{t}->counts;
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
    diag(join "\n", grep { defined } @lines[0 .. 9]) if $missing || $extra;
    $sum->{visitors} = keys %$got;
    $sum->{strangers} = grep { !$got->{$_} } keys %$counts;
    @$sum{qw(missing extra)} = ($missing, $extra);
    return $sum;
}

# What must hold of every load, whatever was done: none twice, no stranger, nobody waits.
sub check {
    my ($self, $r) = @_;
    is($r->{extra}, 0, 'no visit is counted twice');
    is($r->{strangers}, 0, 'no visitor whom the client does not know');
    is($r->{late}, 0, "nobody waited over a second (longest: $r->{slowest} ms)")
        unless $ENV{SENDA_SANITIZED};
    is($self->{t}->rings->{full}, 0, 'no ring was full');
}

1;
