#!/usr/bin/perl
# Runs the unit tests (build/tests/test_*), the tests of the whole (t/*.t) and what goes wrong
# (tests/fault/*.t, in their short form), reads their TAP, shows the output of those that failed,
# and ends with one line: N passed, N failed[, N skipped].
#
#   run.pl [--build DIR] [--sanitize] [--whole] [--fault] [--only WORD]...
#
# --whole leaves the unit tests out. --fault runs tests/fault/*.t alone, and what other tests drive
# of the same rows, in full, and shows the figure of each row.
#
# A test that says nothing, plans other than it runs, dies, or goes on for too long has failed.

use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(basename);
use FindBin;
use Getopt::Long;
use IO::Select;
use POSIX qw(setpgid WNOHANG);
use TAP::Parser;
use Time::HiRes qw(time);

my ($build, $sanitize, $whole, $fault, @only) = ('build', 0, 0, 0);
GetOptions('build=s' => \$build, 'sanitize' => \$sanitize, 'whole' => \$whole, 'fault' => \$fault,
    'only=s' => \@only) or exit 2;

chdir "$FindBin::Bin/.." or die "cannot enter the project's root: $!\n";
$build = abs_path($build) or die "there is no build: run make\n";

# Seconds; sanitized programs are several times slower.
my $slow = $sanitize ? 4 : 1;
my %limit = (unit => 240 * $slow, whole => 300 * $slow, fault => ($fault ? 1800 : 300) * $slow);

$ENV{SENDA_BUILD} = $build;
$ENV{LC_ALL} = 'C.UTF-8';
$ENV{SENDA_FULL} = $fault;
if ($sanitize) {
    $ENV{SENDA_SANITIZED} = 1;
    $ENV{ASAN_OPTIONS} = 'abort_on_error=0:detect_leaks=1:exitcode=99:handle_segv=1';
    $ENV{UBSAN_OPTIONS} = 'print_stacktrace=1:halt_on_error=1';
    $ENV{LSAN_OPTIONS} = 'suppressions=' . abs_path('tests/lsan.supp') if -e 'tests/lsan.supp';
    $ENV{SENDA_NGINX} = sanitized_nginx($ENV{SENDA_NGINX});
}

my @units = map { [unit => $_, [$_]] } sort glob "$build/tests/test_*";
my @wholes = map { [whole => $_, [$^X, '-It/lib', $_]] } sort glob 't/*.t';
my @faults = map { [fault => $_, [$^X, '-It/lib', $_]] } sort glob 'tests/fault/*.t';
my @others = (map({ [fault => $_, [$^X, '-It/lib', $_]] } 't/module_privacy.t', 't/endpoint.t'),
    [fault => "$build/tests/test_cookie", ["$build/tests/test_cookie"]]); # F10, F22 and F23, F10
@units = grep { -x $_->[1] && $_->[1] !~ /\.(d|o)$/ } @units;

my ($passed, $failed, $skipped, $running) = (0, 0, 0, 0);
$SIG{$_} = sub { kill KILL => -$running if $running; exit 1 } for qw(INT TERM HUP);

my @bad;
for my $test ($whole || $fault ? () : @units, $fault ? () : @wholes, @faults, $fault ? @others : ()) {
    my ($kind, $name, $command) = @$test;
    next if @only && !grep { index($name, $_) >= 0 } @only;
    run_one($kind, $name =~ s{^\Q$build\E/}{}r, $command);
}
if (@bad) {
    print "\nFailed:\n";
    print "  $_\n" for @bad;
}
print "\n$passed passed, $failed failed", $skipped ? ", $skipped skipped" : '', "\n";
exit($failed || !$passed ? 1 : 0);

# Runs one program, adds its points to the sums, prints a line and, if it failed, what it said.
sub run_one {
    my ($kind, $name, $command) = @_;
    my $start = time;
    my ($out, $all, $status, $late) = capture($limit{$kind}, @$command);
    my (@wrong, @skips);
    my $good = 0;

    my $parser = TAP::Parser->new({ tap => length $out ? $out : "\n" });
    while (my $point = $parser->next) {
        next unless $point->is_test;
        # cmocka writes a skipped test as "not ok N # SKIP name".
        if ($point->has_skip) {
            push @skips, $point->explanation || $point->description;
        } elsif ($point->is_ok) {
            $good++;
        } else {
            push @wrong, $point->number . ' ' . $point->description =~ s/^- //r;
        }
    }
    my $ran = $good + @skips + @wrong;
    my $planned = $parser->tests_planned;
    push @skips, $parser->skip_all || 'all of it' if defined $planned && !$planned && !$ran;
    push @wrong, "no answer within $limit{$kind} s" if $late;
    push @wrong, 'bail out: ' . ($1 // '') if $out =~ /^Bail out!\s*(.*)/m;
    push @wrong, 'no plan' if !defined $planned && !$late;
    push @wrong, "planned $planned, ran $ran" if $planned && $ran != $planned && !$late;
    push @wrong, 'ended by signal ' . ($status & 127) if ($status & 127) && !$late;
    push @wrong, 'exit status ' . ($status >> 8) if ($status >> 8) && !@wrong;

    $passed += $good;
    $failed += @wrong;
    $skipped += @skips;
    printf "%-34s %4d passed%s%s  %.1f s\n", $name, $good,
        @wrong ? ', ' . @wrong . ' FAILED' : '', @skips ? ', ' . @skips . ' skipped' : '',
        time - $start;
    print "    skipped: $_\n" for @skips;
    if ($fault) { print map { "    $_\n" } $all =~ /^\s*# ((?:F[0-9]+|life): .*)/mg; }
    return unless @wrong;
    push @bad, map { "$name: $_" } @wrong;
    print map { "    | $_\n" } last_lines($all, 120);
}

# What the command printed (standard output alone, and all of it), its status, whether it was
# stopped. It runs in a process group of its own, so that nothing it started outlives a time-out.
sub capture {
    my ($seconds, @command) = @_;
    pipe my $out, my $out_end or die "pipe: $!\n";
    pipe my $err, my $err_end or die "pipe: $!\n";
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        setpgid(0, 0);
        open STDIN, '<', '/dev/null';
        open STDOUT, '>&', $out_end;
        open STDERR, '>&', $err_end;
        close $_ for $out, $err;
        exec { $command[0] } @command or die "cannot run $command[0]: $!\n";
    }
    setpgid($pid, $pid);
    close $_ for $out_end, $err_end;
    $running = $pid;

    my %text = (out => '', all => '');
    my $until = time + $seconds;
    my $select = IO::Select->new($out, $err);
    my $status;
    # Something left behind may hold the pipes open: the end of the program itself is the end.
    while ($select->count && time < $until) {
        for my $fh ($select->can_read(0.2)) {
            my $n = sysread $fh, my $bytes, 65536;
            if (!$n) { $select->remove($fh); next; }
            $text{all} .= $bytes;
            $text{out} .= $bytes if $fh == $out;
        }
        if (!defined $status && waitpid($pid, WNOHANG) == $pid) {
            $status = $?;
            $until = time + 1 if $until > time + 1;
        }
    }
    my $late = 0;
    while (!defined $status) {
        if (waitpid($pid, WNOHANG) == $pid) { $status = $?; last; }
        if (time >= $until) {
            $late = 1;
            kill TERM => -$pid;
            my $patience = time + 5;
            while (time < $patience && !defined $status) {
                if (waitpid($pid, WNOHANG) == $pid) { $status = $?; }
                else { select undef, undef, undef, 0.05; }
            }
            kill KILL => -$pid;
            if (!defined $status) { waitpid $pid, 0; $status = $?; }
            last;
        }
        select undef, undef, undef, 0.02;
    }
    kill KILL => -$pid;
    $running = 0;
    return ($text{out}, $text{all}, $status, $late);
}

sub last_lines {
    my ($text, $max) = @_;
    my @lines = split /\n/, $text;
    splice @lines, 0, @lines - $max, '...' if @lines > $max;
    return @lines;
}

# Debian's nginx is not sanitized, the module in it is: its run time has to be there first. One that
# is named has its own.
sub sanitized_nginx {
    my ($named) = @_;
    my $nginx = "$build/nginx-sanitized";
    chomp(my $asan = `gcc -print-file-name=libasan.so`);
    chomp(my $ubsan = `gcc -print-file-name=libubsan.so`);
    # The linker scripts' names lead to the real files beside them.
    $_ = abs_path($_) for $asan, $ubsan;
    my $preload = $named ? '' : "LD_PRELOAD=\"$asan \$LD_PRELOAD\"";
    my $real = $named // '/usr/sbin/nginx';
    open my $fh, '>', $nginx or die "$nginx: $!\n";
    print $fh <<"END";
#!/bin/sh
# nginx's own pools are freed by exit alone: its leaks are not ours to count.
ASAN_OPTIONS="\$ASAN_OPTIONS:detect_leaks=0:verify_asan_link_order=0"
$preload
export ASAN_OPTIONS LD_PRELOAD
exec $real "\$@"
END
    close $fh;
    chmod 0755, $nginx;
    return $nginx;
}
