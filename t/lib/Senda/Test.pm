# The harness of the tests of the whole: a directory of its own for each test, nginx with the
# module on a free port, a small HTTP client with a cookie jar, waiting for conditions, and a
# teardown that looks for what must never be left: alarms in the log, processes, files.
#
#   my $t = Senda::Test->new;
#   $t->publish($rules);
#   $t->start(http => '...', server => '...');
#   my $r = $t->get('/', jar => $jar);
#   $t->wait_for(sub { $t->drained }, 'drained');
#   $t->done;                         # teardown, and the plan
#
# SENDA_NGINX names another nginx, SENDA_MODULE another module; "none": it is built in.
#
# Core Perl only. Never sleeps: it waits for a condition, with an end.

package Senda::Test;

use strict;
use warnings;
use Cwd qw(abs_path);
use Errno qw(ECHILD);
use File::Basename qw(dirname);
use File::Path qw(remove_tree);
use File::Temp ();
use IO::Socket::INET;
use POSIX qw(WNOHANG);
use Test::More;
use Time::HiRes qw(time);

our $AGENT = 'Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0';

my $root = abs_path(dirname(__FILE__) . '/../../..');
my $build = $ENV{SENDA_BUILD} // "$root/build";
my $nginx = $ENV{SENDA_NGINX} // (grep { -x } map { "$_/nginx" } split(/:/, $ENV{PATH}), '/usr/sbin')[0];
my $patience = $ENV{SENDA_SANITIZED} ? 4 : 1;
my @living;

# Makes the directory, the store and its keys. skip: what to say when nginx or the build is missing.
sub new {
    my ($class, %o) = @_;
    my $module = $o{module} // $ENV{SENDA_MODULE} // "$build/ngx_http_senda_module.so";

    plan(skip_all => 'no nginx here') unless $nginx;
    plan(skip_all => 'make has not been run')
        unless ($module eq 'none' || -e $module) && -x "$build/tests/tool_rules";

    my $dir = File::Temp::tempdir('senda-test-XXXXXX', DIR => '/tmp');
    my $self = bless {
        dir => $dir, module => $module, port => free_port(), ports => {}, helpers => [],
        pid => 0, user => $> == 0 ? 'www-data' : undef, allowed => [], owner => $$,
    }, $class;
    push @living, $self;

    chmod 0755, $dir or die "$dir: $!";
    mkdir "$dir/$_" for qw(html temp run);
    chown((getpwnam('www-data'))[2, 3], "$dir/run") if $self->{user}; # as /dev/shm lets them
    $self->make_store;
    return $self;
}

sub dir { $_[0]{dir} }
sub port { $_[0]{port} }
sub store { "$_[0]{dir}/store" }
sub live { $_[0]{default_live} ? $_[0]->default_live : "$_[0]{dir}/run/live" }

# Where live/ is when senda_store does not say: a hash of the store's path (FNV-1a).
sub default_live {
    my ($self) = @_;
    no warnings 'portable';
    my $hash = 0xcbf29ce484222325;
    for my $byte (unpack 'C*', $self->store) {
        use integer;
        $hash = ($hash ^ $byte) * 0x100000001b3;
    }
    return sprintf '/dev/shm/senda-%016x', $hash;
}

sub module { $_[0]{module} }
sub nginx { $nginx }
sub tool { "$build/tests/$_[1]" }

# What in the error log is expected by this test, as a pattern.
sub allow { my ($self, @patterns) = @_; push @{ $self->{allowed} }, @patterns; }

sub free_port {
    my $s = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1', LocalPort => 0)
        or die "no free port: $!";
    return $s->sockport;
}

# The store as `senda init` lays it out: the workers' group writes journal/ and published/.
sub make_store {
    my ($self) = @_;
    my ($dir, $gid) = ($self->store, $self->{user} ? (getgrnam('www-data'))[2] : -1);

    $self->run($self->tool('tool_rules'), 'init', $dir);
    for my $part (qw(journal published)) {
        chown -1, $gid, "$dir/$part" if $gid >= 0;
        chmod 02770, "$dir/$part" or die "$dir/$part: $!";
    }
}

# Runs a program to its end; its standard output, or dies with what it said.
sub run {
    my ($self, @command) = @_;
    my ($out, $status) = $self->try_run(@command);
    die "@command: status $status\n$out" if $status;
    return $out;
}

# Standard output and error together, and the exit status. A reference in first place is its input.
sub try_run {
    my ($self, @command) = @_;
    my $input = ref $command[0] ? ${ shift @command } : undef;
    my $log = File::Temp->new;
    my $in = File::Temp->new;

    print $in $input // '';
    close $in;
    my $pid = fork // die "fork: $!";
    if ($pid == 0) {
        open STDIN, '<', "$in" or POSIX::_exit(126);
        open STDOUT, '>&', $log or POSIX::_exit(126);
        open STDERR, '>&', $log or POSIX::_exit(126);
        exec { $command[0] } @command or POSIX::_exit(127);
    }
    waitpid $pid, 0;
    my $status = $? & 127 ? 128 + ($? & 127) : $? >> 8;
    return (slurp("$log"), $status);
}

# Publishes rules (the lines that tests/tool_rules.c reads); the generation.
sub publish {
    my ($self, $rules) = @_;
    my ($out, $status) = $self->try_run(\$rules, $self->tool('tool_rules'), 'publish', $self->store);
    die "publish: $out" if $status;
    $self->share_published;
    return $out + 0;
}

# What root made, the workers' group must be able to open.
sub share_published {
    my ($self) = @_;
    return unless $self->{user};
    my $gid = (getgrnam('www-data'))[2];
    for my $file (glob $self->store . '/published/*') {
        chown -1, $gid, $file;
        chmod 0660, $file;
    }
}

# ---- nginx ----

# conf: main => …, events => …, http => …, server => …, servers => … (further blocks), store => 0.
sub write_conf {
    my ($self, %o) = @_;
    my ($dir, $port) = @$self{qw(dir port)};
    my $user = $self->{user} ? "user $self->{user};" : '';
    my $workers = $o{workers} // 1;
    my $store = $o{store} // "senda_store store live=run/live size=16m new_visitors=0;\n    senda_key store/nginx.key;";
    my $senda = $o{senda} // "senda on;\n    senda_consent always;\n    senda_site shop.test;";
    my $main = $o{main} // '';
    my $load = $self->{module} eq 'none' ? '' : "load_module $self->{module};";
    my $temp = join "\n    ", map { "${_}_temp_path temp/$_;" }
        qw(client_body proxy fastcgi uwsgi scgi);
    my $listen = $o{listen} // "listen 127.0.0.1:$port;";

    $self->{conf} = \%o;
    spew("$dir/nginx.conf", <<"END");
daemon off;
pid nginx.pid;
$user
worker_processes $workers;
$load
$main
events { worker_connections @{[ $o{connections} // 1024 ]}; @{[ $o{events} // '' ]} }
http {
    access_log off;
    default_type text/html;
    types { text/html html; text/css css; image/png png; application/pdf pdf; }
    $temp
    $store
    @{[ $o{http} // '' ]}
    server {
        $listen
        server_name shop.test;
        root html;
        $senda
        @{[ $o{server} // '' ]}
    }
    @{[ $o{servers} // '' ]}
}
END
}

sub nginx_command {
    my ($self, @more) = @_;
    return (@{ $self->{command} }, @more) if $self->{command};
    return ($nginx, '-p', "$self->{dir}/", '-c', "$self->{dir}/nginx.conf", '-e',
        "$self->{dir}/error.log", @more);
}

# nginx -t: its output without the time stamps' lines, and the status.
sub test_conf {
    my ($self, %o) = @_;
    $self->write_conf(%o);
    my ($out, $status) = $self->try_run($self->nginx_command('-e', "$self->{dir}/t.log", '-t'));
    $out =~ s/\Q$self->{dir}\E/DIR/g;
    return ($out, $status);
}

sub start {
    my ($self, %o) = @_;
    $self->write_conf(%o) if %o || !$self->{conf};

    my @command = $self->nginx_command;
    $self->{pid} = fork // die "fork: $!";
    if ($self->{pid} == 0) {
        open STDIN, '<', '/dev/null';
        open STDOUT, '>>', "$self->{dir}/output.log";
        open STDERR, '>>', "$self->{dir}/output.log";
        exec { $command[0] } @command or POSIX::_exit(127);
    }
    $self->wait_for(sub {
        die "nginx ended:\n" . $self->error_log . slurp("$self->{dir}/output.log")
            if waitpid($self->{pid}, WNOHANG) > 0;
        IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $self->{port});
    }, 'nginx listens');
    $self->remember;
    return $self;
}

sub reload {
    my ($self, %o) = @_;
    $self->remember;
    my %before = map { $_ => 1 } $self->workers;
    $self->write_conf(%o) if %o;
    kill HUP => $self->{pid};
    $self->wait_for(sub { grep { !$before{$_} } $self->workers }, 'new workers');
    $self->remember;
}

# Ends nginx (QUIT waits for requests) and waits for all of its processes.
sub stop {
    my ($self, $signal) = @_;
    return unless $self->{pid};
    $self->remember;
    kill $signal // 'TERM', $self->{pid};
    my $gone = $self->until(15, sub { waitpid($self->{pid}, WNOHANG) != 0 });
    unless ($gone) {
        kill KILL => $self->{pid};
        waitpid $self->{pid}, 0;
        fail('nginx ends when told to');
    }
    $self->{pid} = 0;
    my @left;
    $self->until(10, sub { !(@left = grep { alive($_) } keys %{ $self->{seen} }) })
        or do { kill KILL => @left; fail("no process is left behind (@left)"); };
    $self->{seen} = {};
}

# Processes of nginx below the master: workers are those that have listeners.
sub children {
    my ($self) = @_;
    my @found;
    for my $stat (glob '/proc/[0-9]*/stat') {
        open my $fh, '<', $stat or next;
        my $line = <$fh> // next;
        my ($pid, $state, $parent) = $line =~ /^(\d+) \(.*\) (\S) (\d+)/s or next;
        push @found, $pid if $parent == $self->{pid} && $state ne 'Z';
    }
    return @found;
}

sub named {
    my ($self, $word) = @_;
    return grep { title($_) =~ /$word/ } $self->children;
}

sub workers { $_[0]->named('worker process(?! is shutting down)') }
sub drain { ($_[0]->named('cache manager process'))[0] }

sub title {
    my ($pid) = @_;
    open my $fh, '<', "/proc/$pid/cmdline" or return '';
    return (<$fh> // '') =~ s/\0.*//sr;
}

sub remember {
    my ($self) = @_;
    $self->{seen}{$_} = 1 for $self->children;
}

sub alive {
    my ($pid) = @_;
    open my $fh, '<', "/proc/$pid/stat" or return 0;
    my ($state) = (<$fh> // '') =~ /\) (\S)/ or return 0;
    return $state ne 'Z';
}

sub error_log { slurp("$_[0]{dir}/error.log") }

# ---- the client ----

# get('/path', jar => \%jar, host => …, method => …, headers => [name => value], body => …, port => …,
# socket => kept connection). The answer: status, head (lines), body, header(name) values.
sub get {
    my ($self, $path, %o) = @_;
    my $method = $o{method} // (defined $o{body} ? 'POST' : 'GET');
    my $host = $o{host} // 'shop.test';
    my %headers = (Host => $host, 'User-Agent' => $AGENT, Connection => $o{socket} ? 'keep-alive' : 'close');
    my @more = @{ $o{headers} // [] };

    while (my ($name, $value) = splice @more, 0, 2) { $headers{$name} = $value; }
    delete $headers{$_} for grep { !defined $headers{$_} } keys %headers;
    if ($o{jar} && %{ $o{jar} }) {
        $headers{Cookie} = join '; ', map { "$_=$o{jar}{$_}" } sort keys %{ $o{jar} };
    }
    $headers{'Content-Length'} = length $o{body} if defined $o{body};
    my $request = "$method $path HTTP/1.1\r\n"
        . join('', map { "$_: $headers{$_}\r\n" } sort keys %headers) . "\r\n" . ($o{body} // '');

    my $s = $o{socket} // $self->connect($o{port});
    $s->syswrite($request);
    my $answer = read_answer($s, $method, !$o{socket});
    if ($o{jar}) {
        for my $cookie ($answer->header('Set-Cookie')) {
            my ($name, $value, $more) = $cookie =~ /^([^=]+)=([^;]*)(.*)/ or next;
            if ($more =~ /; Max-Age=0\b/) { delete $o{jar}{$name} } else { $o{jar}{$name} = $value }
        }
    }
    return $answer;
}

sub connect {
    my ($self, $port) = @_;
    return IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port // $self->{port},
        Timeout => 10) || die "cannot connect: $!";
}

sub read_answer {
    my ($s, $method, $to_end) = @_;
    my $data = '';
    local $SIG{ALRM} = sub { die "no answer within 20 s: $data\n" };
    alarm 20;
    until ($data =~ /\r\n\r\n/) { $s->sysread($data, 65536, length $data) or last; }
    my ($head, $body) = split /\r\n\r\n/, $data, 2;
    $head //= '';
    $body //= '';
    if ($to_end) {
        while ($s->sysread($body, 65536, length $body)) { }
    } elsif ($method ne 'HEAD' && $head =~ /^Content-Length: (\d+)/mi) {
        while (length $body < $1) { $s->sysread($body, 65536, length $body) or last; }
    }
    alarm 0;
    if ($head =~ /^Transfer-Encoding: chunked/mi) {
        my ($chunks, $text) = ($body, '');
        while ($chunks =~ s/^([0-9a-f]+)\r\n//i && hex $1) {
            $text .= substr $chunks, 0, hex $1, '';
            $chunks =~ s/^\r\n//;
        }
        $body = $text;
    }
    my ($line, @lines) = split /\r\n/, $head;
    my ($status) = ($line // '') =~ m{^HTTP/1\.1 (\d+)};
    return bless { status => $status // 0, lines => \@lines, body => $body }, 'Senda::Test::Answer';
}

# ---- what has been recorded ----

# Every visit in the journal, as hashes.
sub journal {
    my ($self) = @_;
    my @visits;
    for (split /\n/, $self->run($self->tool('tool_rules'), 'journal', $self->store)) {
        my %v = (line => $_);
        $v{$1} = $2 while /(?:^| )(seq|site|generation|at|flags|visitor|path|keys|message|link|channels)=(\S*)/g;
        $v{$1} = $2 while / (contact|event|form)=<([^>]*)>/g;
        $v{captures}{$1} = $2 while / \{([^}]*)\}=(\S*)/g;
        push @visits, \%v;
    }
    return @visits;
}

# VISITOR → NAME → count; tags under '+NAME'.
sub counts {
    my ($self) = @_;
    my %counts;
    for (split /\n/, $self->run($self->tool('tool_rules'), 'live', $self->store, $self->live)) {
        $counts{$1}{$2} = $3 if /^(\w{32}) page (\S+) (\d+)$/;
        $counts{$1}{"+$2"} = 1 if /^(\w{32}) tag (\S+)$/;
    }
    return \%counts;
}

sub rings {
    my ($self) = @_;
    my %r;
    for (split /\n/, $self->run($self->tool('tool_rules'), 'rings', $self->live)) {
        $r{$1} = $2 if /^(?:drop )?(\w+) (\d+)$/;
    }
    return \%r;
}

# Whether the rings are empty.
sub drained { $_[0]->rings->{backlog} == 0 }

sub wait_drained {
    my ($self, $seconds) = @_;
    $self->wait_for(sub { $self->drained }, 'the rings are drained', $seconds);
}

# ---- waiting ----

# Asks until the answer is true or the seconds are over; the answer.
sub until {
    my ($self, $seconds, $condition) = @_;
    my $end = time + $seconds * $patience;
    my $answer;
    until ($answer = $condition->()) {
        return if time > $end;
        select undef, undef, undef, 0.01;
    }
    return $answer;
}

sub wait_for {
    my ($self, $condition, $what, $seconds) = @_;
    my $answer = $self->until($seconds // 10, $condition);
    die "waited in vain: $what\n" . $self->error_log . "\n" unless $answer;
    return $answer;
}

# ---- the end ----

sub bad_lines {
    my ($self) = @_;
    my @bad = grep { /\[(?:alert|emerg|crit)\]|Sanitizer|runtime error:|panic/ }
        split /\n/, $self->error_log . slurp("$self->{dir}/output.log");
    @bad = grep { !m{^src/\S+: runtime error:} } @bad; # nginx's own sources
    for my $pattern (@{ $self->{allowed} }) { @bad = grep { !/$pattern/ } @bad; }
    return @bad;
}

# Stops everything and asserts what must hold at every end.
sub finish {
    my ($self) = @_;
    return if $self->{finished}++;
    $self->stop;
    my @bad = $self->bad_lines;
    is(join("\n", @bad), '', 'nothing alarming in the logs');
    remove_tree($self->default_live) if $self->{default_live};
    ok(!-e $self->default_live, 'nothing left in shared memory');
    if (Test::More->builder->is_passing || !$ENV{SENDA_KEEP}) {
        remove_tree($self->{dir});
        ok(!-e $self->{dir}, 'the directory is gone');
    } else {
        diag("kept: $self->{dir}");
    }
}

sub done {
    my ($self) = @_;
    $self->finish;
    done_testing();
}

END {
    my $status = $?;
    for my $t (@living) {
        next if $t->{finished} || $t->{owner} != $$;
        diag(join "\n", 'error log:', $t->error_log) if -e "$t->{dir}/error.log";
        if ($t->{pid}) {
            $t->remember;
            kill KILL => $t->{pid}, keys %{ $t->{seen} // {} };
            waitpid $t->{pid}, 0;
        }
        remove_tree($t->{dir}) unless $ENV{SENDA_KEEP};
    }
    $? = $status;
}

sub slurp {
    my ($file) = @_;
    open my $fh, '<:raw', $file or return '';
    local $/;
    return scalar(<$fh>) // '';
}

sub spew {
    my ($file, $text) = @_;
    open my $fh, '>:raw', $file or die "$file: $!";
    print $fh $text;
    close $fh or die "$file: $!";
}

# A file that nginx serves.
sub page {
    my ($self, $path, $text) = @_;
    my $file = "$self->{dir}/html/$path";
    File::Path::make_path(dirname($file));
    spew($file, $text);
}

package Senda::Test::Answer;

sub status { $_[0]{status} }
sub body { $_[0]{body} }

# All values of a header; in scalar context the first.
sub header {
    my ($self, $name) = @_;
    my @values = map { /^\Q$name\E:\s*(.*)$/i ? $1 : () } @{ $self->{lines} };
    return wantarray ? @values : $values[0];
}

1;
