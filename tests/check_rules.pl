#!/usr/bin/perl
# The rules of the house that a compiler cannot know: who may include what, where no clock is
# read, which functions are banned, how long a file may be, what must not be left behind.
# Prints each breach as file:line: rule, and ends with status 1 if there was one.

use strict;
use warnings;
use File::Find;
use FindBin;

chdir "$FindBin::Bin/.." or die "cannot enter the project's root: $!\n";

# Header => the one file that includes it.
my %owner = (
    'lmdb.h' => 'core/senda_store.c',
    'msgpack.h' => 'core/senda_pack.c',
    'curl/curl.h' => 'sidecar/mail/channel_smtp.c',
    'gmime/gmime.h' => 'sidecar/mail/message.c',
    'gvc.h' => 'sidecar/draw_layout.c',
    'csv.h' => 'sidecar/csv_file.c',
    'gio/gio.h' => 'sidecar/log_bytes.c',
);

# Folder => what its files must not include.
my @strangers = (
    [qr{^core/} => qr{^(?:ngx_|nginx|glib|gmime|curl|jansson)|sidecar|ngx_module}],
    [qr{^ngx_module/} => qr{sidecar|^(?:glib|gmime|curl|jansson|lang|engine|program|rules_build|message\.h|mustache|channel|state)}],
    [qr{^sidecar/} => qr{^ngx_|nginx|ngx_module}],
    [qr{^sidecar/engine/} => qr{^(?:language|lang_|message\.h|mustache|channel|state|senda_(?:store|live|journal|published|ring))}],
    [qr{^sidecar/language/} => qr{^(?:engine\.h|message\.h|mustache|channel|state|senda_(?:store|live|journal|ring))}],
);

# Time is an argument here. The store, the ring and the live table are files, not clocks.
my $timeless = qr{^(?:core|sidecar/language|sidecar/engine)/.*\.[ch]$};
my $clock = qr{\b(?:time|gettimeofday|clock_gettime|ngx_time|ngx_timeofday|g_get_real_time
    |g_get_monotonic_time|g_date_time_new_now\w*|localtime|localtime_r|mktime|clock)\s*\(}x;

# Function => what to call instead.
my %banned = (
    strcpy => 'memcpy with a known length', strcat => 'snprintf', sprintf => 'snprintf',
    vsprintf => 'vsnprintf', gets => 'fgets', strtok => 'strtok_r', atoi => 'strtol',
    atol => 'strtol', atoll => 'strtoll', atof => 'strtod', alloca => 'malloc', rand => 'RAND_bytes',
    strncpy => 'memcpy with a known length', system => 'posix_spawn', popen => 'posix_spawn',
    tmpnam => 'mkstemp', mktemp => 'mkstemp', setjmp => 'a return code', gmtime => 'gmtime_r',
    localtime => 'localtime_r',
    sleep => 'wait for a condition', usleep => 'wait for a condition',
);
my %may = (setjmp => qr{^tests/});

# Words that stand for unfinished work. Spelt so that this line does not hold them.
my $unfinished = qr{\b(?:TO[D]O|FIX[M]E|XX[X]|HA[C]K)\b|not imple[m]ented|place[h]older|for n[o]w\b};

my $longest = 800;
my $breaches = 0;

sub breach {
    my ($file, $line, $what) = @_;
    print "$file:$line: $what\n";
    $breaches++;
}

my @files;
find({ no_chdir => 1, wanted => sub {
    if (-d && m{^\./(?:build[^/]*|\.git|debian)$}) { $File::Find::prune = 1; return; }
    push @files, s{^\./}{}r if -f && !-l;
} }, '.');

my $checked = 0;
for my $file (sort @files) {
    next unless $file =~ m{(?:\.(?:c|h|pl|pm|t|sh|md|senda|conf|mustache)|(?:^|/)(?:Makefile|config|run))$};
    open my $fh, '<:raw', $file or die "$file: $!\n";
    my @lines = <$fh>;
    $checked++;

    my $code = $file =~ /\.(?:c|h|pl|pm|t|sh)$/;
    breach($file, scalar @lines, "longer than $longest lines: split it by concept")
        if $code && @lines > $longest;
    for my $i (0 .. $#lines) {
        breach($file, $i + 1, "left behind: $&") if $lines[$i] =~ $unfinished;
        breach($file, $i + 1, 'space at the end of the line')
            if $lines[$i] =~ /[ \t]+\r?\n?$/ && $file !~ m{\.(?:md|mustache)$|^tests/(?:golden|data)/};
        breach($file, $i + 1, 'tab') if $lines[$i] =~ /\t/ && $file =~ /\.[ch]$/;
    }
    c_rules($file, join '', @lines) if $file =~ /\.[ch]$/;
}
print "$checked files, $breaches breaches\n";
exit($breaches ? 1 : 0);

# What only C can break. Comments and texts are blanked first, lines stay where they are.
sub c_rules {
    my ($file, $text) = @_;
    while ($text =~ /^[ \t]*#[ \t]*include[ \t]*[<"]([^>"]+)[>"]/mg) {
        my ($header, $line) = ($1, 1 + (substr($text, 0, $-[0]) =~ tr/\n//));
        breach($file, $line, "only $owner{$header} includes $header")
            if $owner{$header} && $owner{$header} ne $file && $file !~ m{^tests/};
        for my $rule (@strangers) {
            breach($file, $line, "must not include $header")
                if $file =~ $rule->[0] && $header =~ $rule->[1];
        }
    }
    breach($file, 1, 'opens with no comment that says what it does')
        if $text !~ m{^\s*/\*} && $file !~ m{^tests/};
    breach($file, 1, 'has no include guard')
        if $file =~ /\.h$/ && $text !~ /^#ifndef (\w+)\n#define \1$/m;

    $text =~ s{(/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])+')}{$1 =~ tr/\n/ /cr}gse;
    breach($file, 1 + (substr($text, 0, $-[0]) =~ tr/\n//), 'comments are written /* */')
        while $text =~ m{//}g;
    while ($text =~ /(?<![\w.>])(\w+)\s*\(/g) {
        my ($name, $line) = ($1, 1 + (substr($text, 0, $-[0]) =~ tr/\n//));
        next unless $banned{$name} && !($may{$name} && $file =~ $may{$name});
        breach($file, $line, "$name is banned: $banned{$name}");
    }
    if ($file =~ $timeless) {
        breach($file, 1 + (substr($text, 0, $-[0]) =~ tr/\n//), 'reads a clock: time is an argument')
            while $text =~ /$clock/g;
    }
}
