# Every example in the manual and the README is tried: rule files are checked
# and their tests played, nginx configurations go through nginx -t, senda.conf
# files are read, and commands that are shown exist.

use strict;
use warnings;
use utf8;
use Cwd qw(abs_path);
use File::Temp qw(tempdir);
use Test::More;

my $build = $ENV{SENDA_BUILD} // 'build';
my $senda = "$build/senda";
my $nginx = $ENV{SENDA_NGINX} // (-x '/usr/sbin/nginx' ? '/usr/sbin/nginx' : 'nginx');
my $dir = tempdir(CLEANUP => 1);

sub slurp { local (@ARGV, $/) = @_; <> }

sub spill {
    my ($file, $text) = @_;
    open my $fh, '>', $file or die "$file: $!";
    print {$fh} $text;
    close $fh or die "$file: $!";
    return $file;
}

# The fenced blocks of a file: [language, line, text].
sub blocks {
    my ($file) = @_;
    my (@blocks, $open);
    my $n = 0;
    for my $line (split /^/m, slurp($file)) {
        $n++;
        if ($line =~ /^```(\S*)/) {
            if ($open) { push @blocks, $open; undef $open }
            else { $open = [ $1, $n, '' ] }
        }
        elsif ($open) { $open->[2] .= $line }
    }
    return @blocks;
}

sub run_ok {
    my ($name, @command) = @_;
    my $out = qx{@command 2>&1};
    ok($? == 0, $name) or diag $out;
    return $out;
}

# A real store and real keys stand in for the paths of the manual.
run_ok('a store for the examples', $senda, 'init', "$dir/store");
run_ok('keys for the examples', $senda, 'keygen', "$dir/keys");
mkdir "$dir/$_" for qw(rules messages);
spill("$dir/rules/shop.senda", "site shop.example.com\npage home /\n");
my %real = ('/var/lib/senda' => "$dir/store", '/etc/senda/nginx.key' => "$dir/keys/nginx.key",
    '/etc/senda/sidecar.key' => "$dir/keys/sidecar.key", '/etc/senda/rules' => "$dir/rules",
    '/etc/senda/messages' => "$dir/messages");
my $paths = join '|', map { quotemeta } sort { length $b <=> length $a } keys %real;

my %try = (
    senda => sub {
        my ($name, $text) = @_;
        my $file = spill("$dir/example.senda", $text);
        my $out = run_ok("$name: check", $senda, 'check', $file);
        run_ok("$name: test", $senda, 'test', $file) if $text =~ /^(test|prueba) /m;
    },
    nginx => sub {
        my ($name, $text) = @_;
        $text =~ s/^load_module.*\n//mg;
        $text =~ s/($paths)/$real{$1}/g;
        $text =~ s/listen 80;/listen 127.0.0.1:8099;/;
        $text = "http {\nsenda_store $dir/store;\n$text\n}\n" if $text !~ /^http \{/m;
        my $module = $ENV{SENDA_MODULE} // "$build/ngx_http_senda_module.so";
        $module = $module eq 'none' ? '' : 'load_module ' . abs_path($module) . ";\n";
        my $file = spill("$dir/nginx.conf",
            "${module}pid $dir/nginx.pid;\nerror_log stderr;\nevents {}\n$text");
        my $http = join '', map { "${_}_temp_path $dir/$_;\n" }
            qw(client_body proxy fastcgi uwsgi scgi);
        spill($file, slurp($file) =~ s/^http \{\n/http {\naccess_log off;\n$http/mr);
        run_ok("$name: nginx -t", $nginx, '-t', '-e', 'stderr', '-p', $dir, '-c', $file);
    },
    'senda.conf' => sub {
        my ($name, $text) = @_;
        $text =~ s/($paths)/$real{$1}/g;
        my $file = spill("$dir/senda.conf", $text);
        run_ok("$name: read", $senda, 'run', '--check', '-c', $file);
    },
    console => sub {
        my ($name, $text) = @_;
        my %known = map { $_ => 1 } qx{$senda --help} =~ /^\s+([a-z]+)\s{2,}/mg;
        for my $command ($text =~ /^[\$#] senda ([a-z]+)/mg) {
            ok($known{$command}, "$name: senda $command exists");
        }
    },
);

for my $file ('README.md', sort glob 'docs/*/*.md') {
    for my $block (blocks($file)) {
        my ($language, $line, $text) = @$block;
        $try{$language}->("$file:$line", $text) if $try{$language};
    }
}

# The two manuals say the same: as many examples of each kind, in the same order.
my %pair = ('first-steps' => 'primeros-pasos', language => 'lenguaje', flows => 'flujos',
    nginx => 'nginx',
    sending => 'envios', words => 'palabras', tools => 'herramientas');
for my $en (sort keys %pair) {
    is(join(' ', map { $_->[0] } blocks("docs/es/$pair{$en}.md")),
        join(' ', map { $_->[0] } blocks("docs/en/$en.md")), "$pair{$en} has the examples of $en");
}

done_testing();
