#!/usr/bin/perl
# nginx's own test suite on the nginx that is here: without the module, with it and no cookie, with
# it and its cookie. Fails unless the first two agree file by file, and unless every file that
# differs in the third fails as well when nginx alone adds a Set-Cookie of anybody's to each response.
#
# The suite's clients are nobody's browser. In the copy that is run, the requests of its http() say
# that they are one, and bring a visitor's cookie: so each page is counted, journalled and, in the
# third run, answered with a cookie (one whose landing is known is always made anew).
#
#   nginx_tests.pl --build DIR --tests DIR [--jobs N] [--only WORD]...
#
# --tests is a copy of the suite's repository of the time of that nginx. Results stay in
# BUILD/nginx-tests/. A file that differs is tried again alone, twice: some depend on the clock.

use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(basename);
use File::Path qw(make_path remove_tree);
use FindBin;
use Getopt::Long;
use IO::Socket::INET;
use POSIX qw(WNOHANG setpgid);
use Time::HiRes qw(time);

my ($build, $suite, $jobs, @only) = ('build', undef, 2);
GetOptions('build=s' => \$build, 'tests=s' => \$suite, 'jobs=i' => \$jobs, 'only=s' => \@only)
    or exit 2;
chdir "$FindBin::Bin/.." or die "cannot enter the project's root: $!\n";
$build = abs_path($build) or die "there is no build: run make\n";
$suite = defined $suite ? abs_path($suite) : undef;
die "NGINX_TESTS=DIR: a copy of nginx's test suite\n" unless $suite && -e "$suite/lib/Test/Nginx.pm";

my $limit = 180; # seconds for one file
my $nginx = $ENV{SENDA_NGINX} // '/usr/sbin/nginx';
my $module = $ENV{SENDA_MODULE} // "$build/ngx_http_senda_module.so";
my $out = "$build/nginx-tests";
my $dir = "/tmp/senda-nginx-tests-$$";
my $live = "/dev/shm/senda-nginx-tests-$$";
my @files = grep { my $f = $_; !@only || grep { index($f, $_) >= 0 } @only }
    map { basename($_) } sort glob "$suite/*.t";
my (%running, $master);
my $agent = 'Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0';

my $owner = $$;
END {
    if (defined $owner && $owner == $$) {
        my $status = $?;
        kill KILL => -$_ for keys %running;
        kill TERM => $master if $master;
        remove_tree($dir, $live);
        $? = $status;
    }
}
$SIG{$_} = sub { exit 1 } for qw(INT TERM HUP);

make_path($out);
mkdir $_ or die "$_: $!\n" for $dir, $live;
make_store();
my $globals = $module eq 'none' ? '' : "load_module $module;\n";
my $senda = <<"END";
senda_store $dir/store live=$live size=16m;
senda_key $dir/store/nginx.key;
senda on;
senda_consent always;
senda_site shop.test;
log_format senda_tried "\$senda_visitor \$senda_tags \$senda_visits_any_page";
access_log /dev/null senda_tried;
END
my $cookie = visitor();
copy_suite("User-Agent: $agent\r\nCookie: senda=$cookie\r\n");
my %with = (
    bare => ['', ''],
    off => [$globals, "${senda}senda_cookie off;\n"],
    on => [$globals, $senda],
    other => ['', "add_header Set-Cookie somebody=else;\n"],
);

my %result = map { $_ => run_all($_, @files) } qw(bare off on);
my @off = again('off', differing('off', @files));
my @on = again('on', differing('on', @files));
with_anybodys_cookie($_) for @on;
$result{other} = run_all('other', @on) if @on;
my @ours = grep { same('other', $_) } @on;
my $visits = `$build/tests/tool_rules rings $live 2>&1`;

print "\n";
printf "%d files: %d pass, %d are skipped, %d fail, all without the module\n", scalar @files,
    map { my $w = $_; scalar grep { $result{bare}{$_} =~ /^$w/ } @files } qw(ok skip fail);
print "with the module, cookie off: ", @off ? "DIFFERENT: @off" : 'the same', "\n";
print "with its cookie: ", @on ? "different: @on" : 'the same', "\n";
print "  … of these not with anybody's cookie: @ours\n" if @ours;
print "what the module counted:\n", $visits =~ s/^/  /mgr;
printf "%d passed, %d failed\n", @files - @off - @ours, @off + @ours;
exit(@off + @ours ? 1 : 0);

# A store whose one page is every page; whoever runs the tests owns it.
sub make_store {
    run("$build/tests/tool_rules", 'init', "$dir/store");
    open my $pipe, '|-', "$build/tests/tool_rules", 'publish', "$dir/store" or die "tool_rules: $!\n";
    print $pipe "site shop.test\npage any_page\nmatch GET,POST /*\n";
    close $pipe or die "tool_rules: no rules\n";
    own();
}

# Whoever runs the tests owns everything.
sub own {
    run('chown', '-R', 'nobody:nogroup', $dir, $live) if $> == 0;
}

# Lets an nginx with the module give a cookie.
sub visitor {
    my $port = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1')->sockport;
    my $temp = join '', map { "${_}_temp_path $dir;" } qw(client_body proxy fastcgi uwsgi scgi);
    my $user = $> == 0 ? 'user nobody nogroup;' : '';
    open my $fh, '>', "$dir/nginx.conf" or die "$dir/nginx.conf: $!\n";
    print $fh "${globals}daemon off; $user pid $dir/pid; error_log $dir/log;\nevents { }\n"
        . "http { access_log off; default_type text/html; $temp\n$senda"
        . "server { listen 127.0.0.1:$port; location / { return 200 '<p>x</p>'; } } }\n";
    close $fh;
    $master = fork // die "fork: $!\n";
    exec $nginx, '-p', $dir, '-c', "$dir/nginx.conf", '-e', "$dir/log" or die "$nginx: $!\n"
        if !$master && do { undef $owner; 1 };
    my ($until, $value, $known) = (time + 20, '', 0);
    while (time < $until && !$known) {
        select undef, undef, undef, 0.05;
        my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) or next;
        my $sent = $value ? "Cookie: senda=$value\r\n" : '';
        print $s "GET / HTTP/1.0\r\nHost: localhost\r\nUser-Agent: $agent\r\n$sent\r\n";
        my $answer = join '', <$s>;
        $known = $value && $answer =~ /^Set-Cookie: senda=/m; # its landing is in live/
        $value ||= $answer =~ /^Set-Cookie: senda=([^;]+)/m ? $1 : '';
    }
    kill QUIT => $master;
    waitpid $master, 0;
    $master = 0;
    die "the module gives no cookie that comes back\n" unless $known;
    own();
    return $value;
}

# The suite with our lines after the first of each whole request.
sub copy_suite {
    my ($lines) = @_;
    run('cp', '-r', $suite, "$dir/suite");
    my $lib = "$dir/suite/lib/Test/Nginx.pm";
    open my $in, '<', $lib or die "$lib: $!\n";
    my $text = do { local $/; <$in> };
    $text =~ s/(sub http_start\(\$;%\) \{\n\tmy \(\$request, %extra\) = \@_;\n)/$1\t\$request =~ s!^([A-Z]+ \\S+ HTTP\/1\\.[01]\\r?\\n)!\$1\$ENV{SENDA_LINES}!;\n/
        or die "$lib: not the suite that is known\n";
    open my $fh, '>', $lib or die "$lib: $!\n";
    print $fh $text;
    close $fh;
    $ENV{SENDA_LINES} = $lines;
    own();
}

sub run { system(@_) == 0 or die "@_: failed\n"; }

# name of a run, files → file → what came of it.
sub run_all {
    my ($name, @todo) = @_;
    my (%got, %started, %file);
    my $start = time;

    while (@todo || %running) {
        while (@todo && keys %running < $jobs) {
            my $file = shift @todo;
            my $pid = start($name, $file);
            ($running{$pid}, $file{$pid}, $started{$pid}) = (1, $file, time);
        }
        my $pid = waitpid -1, WNOHANG;
        if ($pid > 0 && $running{$pid}) {
            kill KILL => -$pid;
            delete $running{$pid};
            $got{ $file{$pid} } = outcome("$out/$name.$file{$pid}.log", $?);
            next;
        }
        for my $late (grep { time - $started{$_} > $limit } keys %running) { kill KILL => -$late; }
        select undef, undef, undef, 0.02;
    }
    open my $fh, '>', "$out/$name.txt" or die "$out/$name.txt: $!\n";
    print $fh "$_ $got{$_}\n" for sort keys %got;
    close $fh;
    printf "%-6s %d files, %d s\n", $name, scalar(keys %got), time - $start;
    return \%got;
}

sub start {
    my ($name, $file) = @_;
    my $pid = fork // die "fork: $!\n";
    return setpgid($pid, $pid), $pid if $pid;
    undef $owner;
    setpgid(0, 0);
    chdir "$dir/suite" or POSIX::_exit(126);
    open STDIN, '<', '/dev/null';
    open STDOUT, '>', "$out/$name.$file.log" or POSIX::_exit(126);
    open STDERR, '>&', \*STDOUT;
    $ENV{TEST_NGINX_BINARY} = $nginx;
    $ENV{TEST_NGINX_MODULES} //= '/usr/lib/nginx/modules';
    @ENV{qw(TEST_NGINX_GLOBALS TEST_NGINX_GLOBALS_HTTP)} = @{ $with{$name} };
    my @as = $> == 0 ? qw(setpriv --reuid=nobody --regid=nogroup --clear-groups) : ();
    exec @as, $^X, $name eq 'other' ? "other_$file" : $file or POSIX::_exit(127);
}

# "ok N", "skip", or "fail" with the numbers of the points that failed.
sub outcome {
    my ($log, $status) = @_;
    open my $fh, '<', $log or return 'fail: no log';
    my (@bad, $plan, $good, $skip);
    $good = 0;
    local $_;
    while (<$fh>) {
        $plan = $1, $skip = $2 if /^1\.\.(\d+)\s*(# skip.*)?/i;
        $good++ if /^ok (\d+)/ || /^not ok \d+.*# TO[D]O/;
        push @bad, $1 if /^not ok (\d+)(?!.*# TO[D]O)/;
    }
    return 'skip' if defined $plan && !$plan && $skip;
    return "fail: @bad" . ($plan && $good + @bad == $plan ? '' : ' and ended early')
        if @bad || $status || !defined $plan || $good != $plan;
    return "ok $good";
}

# A copy of a file in which nginx adds the cookie wherever it adds any header: what stands in
# http{} holds only where nothing else is added.
sub with_anybodys_cookie {
    my ($file) = @_;
    open my $in, '<', "$dir/suite/$file" or die "$file: $!\n";
    my $text = do { local $/; <$in> };
    $text =~ s/^(\s*)(?=add_header )/$1add_header Set-Cookie somebody=else; /mg;
    open my $fh, '>', "$dir/suite/other_$file" or die "other_$file: $!\n";
    print $fh $text;
    close $fh;
}

sub same { my ($name, $file) = @_; return $result{$name}{$file} eq $result{bare}{$file} }

sub differing { my ($name, @all) = @_; return grep { !same($name, $_) } @all }

# Those that differ every time.
sub again {
    my ($name, @doubtful) = @_;
    my $jobs_before = $jobs;
    $jobs = 1;
    for (1 .. 2) {
        last unless @doubtful;
        for my $run ('bare', $name) {
            my $once = run_all($run, @doubtful);
            $result{$run}{$_} = $once->{$_} for keys %$once;
        }
        @doubtful = differing($name, @doubtful);
    }
    $jobs = $jobs_before;
    return @doubtful;
}
