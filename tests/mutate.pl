#!/usr/bin/perl
# `make mutate`: whether the tests would notice if a statement of the language did nothing.
#
# Each mutant is the engine without one thing: a kind of step, of condition, of trigger, of
# happening, of count, an intent, a line of a flow or of the rules. The kinds are read from
# program.h and engine.h, so that a new one is asked for as soon as it is there. A mutant is a
# changed copy of a source under the build's folder, compiled and put before the archive when
# linking: the tree is never touched. First the rule files' own `test` blocks are run
# (tests/data/language_*.senda), then, if they noticed nothing, the engine's unit tests.
#
#   mutate.pl --build DIR [--only WORD]... [--jobs N] [--units NAME,...]
#   (MUTATE_CC and MUTATE_LIBS in the environment: how to compile and what to link)
#
# Ends with status 1 if a mutant survived, 2 if something does not work without any.

use strict;
use warnings;
use Cwd qw(abs_path);
use File::Path qw(make_path remove_tree);
use FindBin;
use Getopt::Long;
use POSIX qw(setpgid);
use Time::HiRes qw(time);

my ($build, $jobs, $units, @only) = ('build', 0,
    'engine,engine_runs,engine_steps,engine_sends,engine_calendar,engine_records,moment,zone_days');
GetOptions('build=s' => \$build, 'jobs=i' => \$jobs, 'only=s' => \@only, 'units=s' => \$units) or exit 2;
chdir "$FindBin::Bin/.." or die "cannot enter the project's root: $!\n";
$build = abs_path($build) or die "there is no build: run make\n";
$jobs ||= `nproc` + 0 || 1;
my $cc = $ENV{MUTATE_CC} // die "MUTATE_CC is not set: run make mutate\n";
my $libs = $ENV{MUTATE_LIBS} // '';
my $dir = "$build/mutate";
my @blocks = glob 'tests/data/language_*.senda';
my @units = map { "$build/obj/tests/test_$_.o" } split /,/, $units;
my $limit = 60; # seconds for one program

# Kinds that a test block cannot see because of what they are.
my %excused = (
    INTENT_SAVE => 'what the run side stores: t/run.t',
    INTENT_FORGET => 'what the run side deletes',
    INTENT_RECALL => 'what the run side takes back: t/run.t',
    INTENT_DEED => 'what the run side stores: t/run_language.t',
    INTENT_SCORE => 'nobody keeps it: it comes back from history',
    INTENT_REFUSED => 'only told',
    INTENT_SKIPPED => 'only told',
    INTENT_WITHHELD => 'only told: t/run_language.t',
    INTENT_WAITS => 'only told',
    INTENT_BRANCH => 'only told',
    INTENT_STARTED => 'only told',
    INTENT_STOPPED => 'takes back what waits, on the run side: t/run.t',
    INTENT_FINISHED => 'only told',
    INTENT_GOAL => 'only told',
    INTENT_SET => 'what the run side stores: t/run_language.t',
    INTENT_TAG => 'what the run side publishes: t/run_language.t',
    INTENT_UNTAG => 'what the run side publishes',
    STEP_END => 'every flow has one: nothing would work',
    STEP_EXIT => 'named by nobody: "exit" below',
    AGAIN_ALWAYS => 'named by nobody: "again always" below',
    LIMIT_DAY => 'named by nobody: "limit per day" below',
    COUNT_AT_LEAST => 'what is not exact: "N times" below',
    BY_NONE => 'no counting by something',
    COUNT_SOME => 'no counting',
    TRIGGER_VERB => 'every kind of start is asked for below it',
    HAPPENS_KEY => 'every kind of happening is asked for below it',
);

# Lines that are no kinds: a member of the program that is empty, whatever the file says.
# [what, member, how, in these files only]
my @members = (
    ['only if', 'only', 'null'],
    ['stop if', 'stop', 'null'],
    ['goal', 'goal', 'null'],
    ['again after: how long', 'again_after', 'span'],
    ['transactional', 'transactional', 'zero'],
    ['quiet hours', 'has_quiet', 'zero'],
    ['limit', 'nlimits', 'zero'],
    ['control group', 'control', 'zero'],
    ['tag', 'ntags', 'zero'],
    ['tag for', 'lasts', 'null'],
    ['score', 'nscores', 'zero'],
    ['score once', 'once', 'zero'],
    ['score each', 'each', 'span'],
    ['stage', 'nstages', 'zero'],
    ['show', 'nshows', 'zero'],
    ['and not', 'has_absent', 'zero'],
    ['within', 'within', 'span'],
    ['with', 'nfilters', 'zero'],
    ['and then', 'before', 'null', qr/plan_verbs/],
    ['since start', 'since_start', 'zero'],
    ['among the most frequent', 'top', 'zero'],
    ['opens TEMPLATE', 'template', 'null', qr/counter|plan_verbs/],
    ['opens CHANNEL', 'channels', 'zero', qr/counter|plan_verbs/],
    ['on weekdays', 'weekdays', 'zero'],
);

my %empty = (
    null => sub { "(($_[0]) == NULL ? ($_[0]) : NULL)" },
    zero => sub { "(0 * ($_[0]))" },
    span => sub { '((senda_span_t){ 0 })' },
);

# What the engine does without naming it: [what, what it says, what it says instead].
my @texts = (
    ['N times', qr/\bverb_times\(\w+\)/, '1u'],
    ['again always', qr/->again == AGAIN_NEVER/, '->again != AGAIN_AFTER'],
    ['limit per day', qr/= unit == LIMIT_WEEK \?/, '= unit == LIMIT_DAY ? -1 : unit == LIMIT_WEEK ?'],
    ['exit', qr/default:\s*return ends\(/, "default:\n        return step->kind != STEP_END ? true : ends("],
);

sub slurp { open my $fh, '<', $_[0] or die "$_[0]: $!\n"; local $/; return <$fh> }
sub spew { open my $fh, '>', $_[0] or die "$_[0]: $!\n"; print $fh $_[1]; close $fh or die "$_[0]: $!\n" }

my %source = map { $_ => slurp($_) } glob 'sidecar/engine/*.c';
my $program = slurp('sidecar/engine/program.h') . slurp('sidecar/engine/engine.h');
$program =~ s{/\*.*?\*/}{}gs;

sub kinds {
    my %seen;
    my @found = grep { !/^(?:STEP_KINDS)$/ && !$seen{$_}++ }
        $program =~ /\b((?:STEP|COND|TRIGGER|HAPPENS|BY|COUNT|CMP|AGAIN|LIMIT|INTENT)_[A-Z_]+)\b\s*(?:[,=}]|$)/gm;
    return @found;
}

# The engine changed by a rule of what to put for what: file => its text, of those that changed.
sub engine_with {
    my ($change) = @_;
    my %changed;
    for my $file (sort keys %source) {
        my $text = $change->($source{$file}, $file);
        $changed{$file} = $text if $text ne $source{$file};
    }
    return \%changed;
}

# Without a kind: it never says so and no case is for it. A step of a kind that it does not know
# would end the run: it shall do nothing instead.
sub without_kind {
    my ($kind) = @_;
    my $nothing = 'return step->kind != STEP_END && step->kind != STEP_EXIT ? true : ends(';
    return engine_with(sub {
        my ($text) = @_;
        $text =~ s/(?<![\[\w])\Q$kind\E\b(?!\])/($kind + 1000)/g or return $text;
        $text =~ s/(default:\s*)return ends\(/$1$nothing/ if $kind =~ /^STEP_/;
        return $text;
    });
}

sub without_member {
    my ($what, $member, $how, $files) = @_;
    my $path = qr/\b\w+(?:\[[^\]]*\])?(?:(?:->|\.)\w+(?:\[[^\]]*\])?)*(?:->|\.)$member\b/;
    return engine_with(sub {
        my ($text, $file) = @_;
        return $text if $files && $file !~ $files;
        return $text =~ s/(?<![\w&>.])($path)(?!\s*=[^=])(?![\w\[(.]|->|\+\+)/$empty{$how}->($1)/ger;
    });
}

sub without_text {
    my ($what, $from, $to) = @_;
    return engine_with(sub { return $_[0] =~ s/$from/$to/gr });
}

my @mutants = ((map { [$_, without_kind($_)] } grep { !$excused{$_} } kinds()),
    (map { [$_->[0], without_member(@$_)] } @members), (map { [$_->[0], without_text(@$_)] } @texts));
@mutants = grep { my $m = $_; !@only || grep { index($m->[0], $_) >= 0 } @only } @mutants;

# Runs it within the limit; its output and whether it ended well. A mutant may run for ever.
sub run {
    my (@command) = @_;
    my $pid = open(my $out, '-|') // die "fork: $!\n";
    if ($pid == 0) {
        setpgid(0, 0);
        open STDERR, '>&', \*STDOUT;
        alarm $limit;
        exec @command or POSIX::_exit(127);
    }
    my $text = join '', <$out>;
    close $out;
    return ($text, $? == 0);
}

sub link_with {
    my ($program, $main, @objects) = @_;
    my $tests = $main =~ m{/tests/} ? "$build/libtests.a" : '';
    my ($text, $well) = run('sh', '-c', "$cc -o $program $main @objects $tests $build/libsidecar.a $build/libcore.a $libs"
            . ($tests ? ' -lcmocka -lpthread' : ''));
    die "cannot link $program: $text" unless $well;
}

# What the first test says that notices, undef if none does.
sub killer {
    my ($mine, @objects) = @_;
    link_with("$mine/senda", "$build/obj/sidecar/main.o", @objects);
    for my $file (@blocks) {
        my ($text, $well) = run("$mine/senda", 'test', $file);
        next if $well;
        my ($name) = $text =~ /^(?:FAILED|FALLA ) \S+ (.*)$/m;
        return $file =~ s{.*/}{}r . ': ' . ($name // 'it crashed or ran for too long');
    }
    for my $unit (@units) {
        my ($name) = $unit =~ m{/(\w+)\.o$};
        link_with("$mine/$name", $unit, @objects);
        my ($text, $well) = run("$mine/$name");
        return $name unless $well;
    }
    return undef;
}

# "killed", "survived" or "not there" and a word about it.
sub judge {
    my ($number, $mutant) = @_;
    my ($name, $changed) = @$mutant;
    return ('not there', 'the engine never names it') unless %$changed;
    my $mine = "$dir/$number";
    my @objects;
    make_path($mine);
    for my $file (sort keys %$changed) {
        my ($base) = $file =~ m{([^/]+)\.c$};
        spew("$mine/$base.c", $changed->{$file});
        my ($text, $well) = run('sh', '-c', "$cc -c -o $mine/$base.o $mine/$base.c");
        return ('not there', "does not compile: $text") unless $well;
        push @objects, "$mine/$base.o";
    }
    my $by = killer($mine, @objects);
    remove_tree($mine);
    return defined $by ? ('killed', $by) : ('survived', join(', ', map { s{.*/}{}r } sort keys %$changed));
}

remove_tree($dir);
make_path("$dir/none");
if (defined(my $by = killer("$dir/none"))) {
    print "without any mutant $by fails already\n";
    exit 2;
}

# Each worker takes every so-manieth mutant and writes what it found.
my $start = time;
my @workers;
for my $w (0 .. $jobs - 1) {
    my $pid = fork // die "fork: $!\n";
    if ($pid == 0) {
        open my $out, '>', "$dir/result.$w" or POSIX::_exit(2);
        $out->autoflush(1);
        for (my $i = $w; $i < @mutants; $i += $jobs) {
            my ($what, $how) = eval { judge($i, $mutants[$i]) };
            ($what, $how) = ('failed', $@) if $@;
            print $out join("\t", $i, $what, $how =~ s/\s+/ /gr), "\n";
        }
        POSIX::_exit(0);
    }
    push @workers, $pid;
}
waitpid $_, 0 for @workers;

my (%count, @result);
for my $w (0 .. $jobs - 1) {
    for (split /\n/, slurp("$dir/result.$w")) {
        my ($i, @said) = split /\t/;
        $result[$i] = \@said;
    }
}
for my $i (0 .. $#mutants) {
    my ($what, $how) = @{ $result[$i] // ['failed', 'its worker ended'] };
    $count{$what}++;
    printf "%-9s  %-24s  %s\n", $what, $mutants[$i][0], substr $how, 0, 110;
}
printf "\n%d mutants: %s (%d s)\n", scalar @mutants, join(', ', map { "$count{$_} $_" } sort keys %count), time - $start;
exit(@mutants == ($count{killed} // 0) ? 0 : 1);
