# The sidecar in a test: a store, keys, rules, messages and settings in a directory of its own, the
# process itself, a journal that is written as nginx's drain would, an SMTP server.
#
#   my $s = Senda::Sidecar->new(rules => '...', conf => { channel => 'email maildir:mail' });
#   $s->start('--lapse', 3600);
#   $s->visit(['shop.test', 'v1', 'GET', '/cart', 'contact=email=...']);
#   $s->wait_for(sub { $s->log =~ /sent/ }, 'it was sent');
#
# Core Perl only.

package Senda::Sidecar;

use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp ();
use IO::Handle;
use IPC::Open2;
use POSIX qw(WNOHANG);
use Test::More;
use Time::HiRes qw(time);

my $root = abs_path(dirname(__FILE__) . '/../../..');
my $build = $ENV{SENDA_BUILD} // "$root/build";
my $patience = $ENV{SENDA_SANITIZED} ? 4 : 1;
my @living;

our $RULES = <<'END';
site shop.test
  timezone  Europe/Madrid
  currency  EUR
  language  en

page home      /
page cart      /cart                                   is view_cart
page thanks    /thanks*?order={order}&total={total}    is purchase
page signup    POST /signup                            is sign_up

END

sub program { "$build/senda" }
sub tool { "$build/tests/$_[1]" }

sub new {
    my ($class, %o) = @_;
    plan(skip_all => 'make has not been run')
        unless -x program() && -x "$build/tests/tool_journal";
    my $dir = File::Temp::tempdir('senda-test-XXXXXX', DIR => '/tmp');
    my $self = bless { dir => $dir, pid => 0, owner => $$, journal => undef, smtp => undef }, $class;
    push @living, $self;

    mkdir "$dir/$_" for qw(rules messages);
    $self->must('init', "$dir/store");
    $self->must('keygen', "$dir/keys");
    if ($o{room}) { # a small disk of its own for state/, where that is allowed
        system('mount', '-t', 'tmpfs', '-o', "size=$o{room},mode=0700", 'tmpfs', "$dir/store/state")
            == 0 or return undef;
        $self->{mounted} = 1;
    }
    $self->rules($o{rules}) if defined $o{rules};
    $self->template($_) for @{ $o{templates} // [] };
    $self->conf(%{ $o{conf} // {} });
    return $self;
}

sub dir { $_[0]{dir} }
sub pid { $_[0]{pid} }

sub spew {
    my ($file, $text) = @_;
    open my $fh, '>', "$file.new" or die "$file: $!";
    print $fh $text;
    close $fh or die "$file: $!";
    rename "$file.new", $file or die "$file: $!";
}

sub slurp {
    my ($file) = @_;
    open my $fh, '<', $file or return '';
    local $/;
    return <$fh> // '';
}

# Saves the rule file as an editor does: beside it, then renamed.
sub rules {
    my ($self, $flows) = @_;
    spew("$self->{dir}/rules/shop.senda", $RULES . $flows);
}

sub template {
    my ($self, $name, $text) = @_;
    spew("$self->{dir}/messages/$name.mustache", $text // "Subject: $name\n\n--- text\nHello {{name}}\n");
}

sub conf {
    my ($self, %set) = @_;
    my %all = (store => 'store', key => 'keys/sidecar.key', rules => 'rules', messages => 'messages',
        from => '"Shop <hello@shop.test>"', unsubscribe => 'out@shop.test', postal => '"High Street, 1"',
        channel => 'email maildir:mail', %set);
    spew("$self->{dir}/senda.conf", join '', map { "$_  $all{$_}\n" } sort keys %all);
}

# Runs a command; its output with errors, and the exit status.
sub command {
    my ($self, @args) = @_;
    my $out = File::Temp->new(DIR => $self->{dir});
    my $pid = fork // die "fork: $!";
    if ($pid == 0) {
        open STDIN, '<', '/dev/null';
        open STDOUT, '>&', $out or POSIX::_exit(126);
        open STDERR, '>&', $out or POSIX::_exit(126);
        exec { program() } program(), @args or POSIX::_exit(127);
    }
    waitpid $pid, 0;
    my $status = $? & 127 ? 128 + ($? & 127) : $? >> 8;
    return (slurp("$out"), $status);
}

sub must {
    my ($self, @args) = @_;
    my ($out, $status) = $self->command(@args);
    die "senda @args: status $status\n$out" if $status;
    return $out;
}

# With the settings of this test.
sub senda { my ($self, @args) = @_; return $self->command(@args, '-c', "$self->{dir}/senda.conf") }

# ---- the sidecar ----

sub start {
    my ($self, @options) = @_;
    my $from = -s "$self->{dir}/log" // 0;
    $self->launch(@options);
    $self->wait_for(sub {
        die "the sidecar ended:\n" . $self->log if waitpid($self->{pid}, WNOHANG) > 0;
        substr($self->log, $from) =~ /  runs: /;
    }, 'the sidecar runs');
    return $self;
}

sub launch {
    my ($self, @options) = @_;
    my $dir = $self->{dir};
    $self->{pid} = fork // die "fork: $!";
    if ($self->{pid} == 0) {
        open STDIN, '<', '/dev/null';
        open STDOUT, '>>', "$dir/log" or POSIX::_exit(126);
        open STDERR, '>>', "$dir/log" or POSIX::_exit(126);
        exec { program() } program(), 'run', '-c', "$dir/senda.conf", @options or POSIX::_exit(127);
    }
}

# Ends it; its exit status, with the signal's number above 127.
sub stop {
    my ($self, $signal) = @_;
    return unless $self->{pid};
    kill $signal // 'TERM', $self->{pid};
    my $gone = $self->until(20, sub { waitpid($self->{pid}, WNOHANG) > 0 ? [$?] : undef });
    if (!$gone) {
        kill KILL => $self->{pid};
        waitpid $self->{pid}, 0;
        $self->{pid} = 0;
        fail('the sidecar ends when told to');
        return -1;
    }
    $self->{pid} = 0;
    return $gone->[0] & 127 ? 128 + ($gone->[0] & 127) : $gone->[0] >> 8;
}

sub log { slurp("$_[0]{dir}/log") }

# ---- visits ----

# Each a list: host, visitor, method, path, then contact=…, event=…, at=…; one commit for all.
sub visit {
    my ($self, @visits) = @_;
    $self->journal(map({ join("\t", @$_) } @visits), 'commit');
}

# Lines for the journal's writer (tests/tool_journal.c), the last of which it answers.
sub journal {
    my ($self, @lines) = @_;
    if (!$self->{journal}) {
        my $pid = open2(my $out, my $in, $self->tool('tool_journal'), "$self->{dir}/store",
            "$self->{dir}/keys/nginx.key");
        $in->autoflush(1);
        $self->{journal} = { pid => $pid, in => $in, out => $out };
    }
    my ($in, $out) = @{ $self->{journal} }{qw(in out)};
    print $in map { "$_\n" } @lines;
    my $answer = <$out> // '';
    die "the journal's writer ended" unless $answer =~ /^ok/;
}

# What has arrived in the maildir: file name → text.
sub mail {
    my ($self) = @_;
    return map { m{([^/]+)$} => slurp($_) } glob "$self->{dir}/mail/new/*";
}

# ---- an SMTP server ----

# On a port or any; it may take its time to answer a message.
sub smtp {
    my ($self, $port, $seconds) = @_;
    plan(skip_all => 'python3-aiosmtpd is not installed')
        if system('/usr/bin/python3 -c "import aiosmtpd" 2>/dev/null') != 0;
    my $pid = open2(my $out, my $in, '/usr/bin/python3', "$root/tests/smtp_sink.py",
        "$self->{dir}/smtp.log", $port // 0, $seconds // 0);
    my $answer = <$out> // die 'the SMTP server ended';
    chomp $answer;
    $self->{smtp} = { pid => $pid, in => $in, port => $answer };
    return $answer;
}

sub smtp_stop {
    my ($self) = @_;
    my $smtp = delete $self->{smtp} or return;
    close $smtp->{in};
    waitpid $smtp->{pid}, 0;
}

# Each message: [recipient, Message-ID, subject].
sub received {
    my ($self) = @_;
    return map { [split /\t/] } split /\n/, slurp("$self->{dir}/smtp.log");
}

# ---- waiting and the end ----

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
    my $answer = $self->until($seconds // 15, $condition);
    die "not within the time: $what\n" . $self->log unless $answer;
    return $answer;
}

# Ends what runs, looks for what must never be in a log, removes the directory.
sub done {
    my ($self) = @_;
    $self->stop if $self->{pid};
    $self->end_helpers;
    my $log = $self->log;
    unlike($log, qr/Sanitizer|runtime error|GLib.*(CRITICAL|WARNING|ERROR)/, 'nothing alarming in the log')
        or diag($log);
    $self->remove;
}

sub remove {
    my ($self) = @_;
    system('umount', '-l', "$self->{dir}/store/state") if delete $self->{mounted};
    system('rm', '-rf', $self->{dir});
    $self->{dir} = undef;
}

sub end_helpers {
    my ($self) = @_;
    if (my $j = delete $self->{journal}) {
        close $j->{in};
        waitpid $j->{pid}, 0;
    }
    $self->smtp_stop;
}

END {
    my $status = $?;
    for my $s (grep { $_->{owner} == $$ && $_->{dir} } @living) {
        kill KILL => $s->{pid} if $s->{pid};
        waitpid $s->{pid}, 0 if $s->{pid};
        $s->end_helpers;
        $s->remove;
    }
    $? = $status;
}

1;
