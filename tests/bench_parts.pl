#!/usr/bin/perl
# The second half of `make bench`: lines a second of `senda replay`, plain and packed, and the
# benchmarks of the parts (build/tests/bench_*).
#
#   bench_parts.pl [--build DIR] [--lines N]

use strict;
use warnings;
use Cwd qw(abs_path);
use File::Temp qw(tempdir);
use FindBin;
use Getopt::Long;
use JSON::PP;
use Time::HiRes qw(time);

my ($build, $lines) = ('build', 1_000_000);
GetOptions('build=s' => \$build, 'lines=i' => \$lines) or exit 2;
chdir "$FindBin::Bin/.." or die "cannot enter the project's root: $!\n";
$build = abs_path($build) or die "there is no build: run make\n";
my $dir = tempdir('senda-bench.XXXXXX', TMPDIR => 1, CLEANUP => 1);
$| = 1;

# A shop's log through the whole Spanish example.
my $log = "$dir/access.log";
system("$build/tests/tool_log $lines 42 > $log && gzip -k $log") == 0 or die "tool_log failed\n";
for my $file ($log, "$log.gz") {
    my $begin = time;
    my $got = decode_json(capture("$build/senda", 'replay', '--json', '--rules',
        'tests/data/zapateria.senda', $file));
    my $took = time - $begin;
    die "replay read $got->{lines} of $lines lines\n" if $got->{lines} != $lines;
    printf "\nreplay%s: %d lines in %.2f s, %.0f lines a second (%d visits, %d messages)\n",
        $file =~ /gz$/ ? ', packed by gzip' : '', $lines, $took, $lines / $took, $got->{visits},
        scalar @{ $got->{messages} };
}
for my $bench (grep { -x && !/\.[do]$/ } glob "$build/tests/bench_*") {
    print "\n", $bench =~ s{.*/}{}r, "\n";
    system($bench) == 0 or die "$bench failed\n";
}

sub capture {
    my @command = @_;
    open my $pipe, '-|', @command or die "$command[0]: $!\n";
    my $out = do { local $/; <$pipe> } // '';
    close $pipe or die "$out\n@command failed\n";
    return $out;
}
