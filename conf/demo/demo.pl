#!/usr/bin/perl
# `make demo`: a shoe shop behind nginx with Senda, on loopback, in time lapse. Two shoppers walk
# through it; what Senda saw and decided is shown as it happens, then the e-mail that came of it.
# In a terminal the shop stays open until Ctrl-C; without one the program ends by itself, with
# status 0 only if all came as it should.
#
#   demo.pl [--build DIR] [--serve [--tls]]
#
# --serve only opens the shop, prints its address, the store's folder and that of live/, and closes
# it at the end of standard input. --tls: over HTTP/2 with TLS, with a certificate made for it.
# Everything is kept in one temporary folder, which is gone afterwards.

use strict;
use warnings;
use utf8;
use Cwd qw(abs_path);
use Encode qw(decode);
use File::Path qw(remove_tree);
use File::Temp qw(tempdir);
use FindBin;
use Getopt::Long;
use IO::Socket::INET;
use MIME::Base64 qw(decode_base64);
use MIME::QuotedPrint qw(decode_qp);
use POSIX qw(WNOHANG);
use Time::HiRes qw(time);

binmode STDOUT, ':encoding(UTF-8)';
binmode STDERR, ':encoding(UTF-8)';
$| = 1;

my $lapse = 180;            # an hour of the shop in 20 seconds
my $browser = 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0';
my ($build, $serve, $tls) = ('build', 0, 0);
GetOptions('build=s' => \$build, 'serve' => \$serve, 'tls' => \$tls) or exit 2;

my $here = $FindBin::Bin;
my $root = abs_path("$here/../..");
$build = abs_path($build =~ m{^/} ? $build : "$root/$build") // die "there is no build: run make\n";
my $nginx = $ENV{SENDA_NGINX} // '/usr/sbin/nginx';
my $module = $ENV{SENDA_MODULE} // "$build/ngx_http_senda_module.so"; # "none": it is built in
my $color = -t STDOUT && !$serve;

my $dir = tempdir('senda-demo.XXXXXX', TMPDIR => 1);
my $live = "/dev/shm/" . ($dir =~ s{.*/}{}r);
my $owner = $$;
my %child;                  # pid => name
my $failures = 0;
my $walked = 0;             # the two shoppers have come to their ends
my ($shop, $port, $log);
my $at = 0;                 # how far the sidecar's log has been shown

# A second signal must not end the clean-up that the first began.
$SIG{$_} = sub {
    $SIG{$_} = 'IGNORE' for qw(INT TERM HUP);
    print "\n" if $color;
    exit($walked && !$failures ? 0 : 1);
} for qw(INT TERM HUP);
$SIG{PIPE} = 'IGNORE';
END { clean_up() if defined $owner && $$ == $owner; }

open_shop();
if ($serve) {
    print "$shop\n$dir/store\n$live\n";
    1 while sysread STDIN, my $bytes, 4096;
    exit 0;
}
walk();
$walked = 1;
if (-t STDOUT && -t STDIN && !$failures) {
    say_line('', "The shop stays open: $shop  (Ctrl-C closes it)");
    say_line('', 'Sign up, put shoes into the basket, go away: the e-mail comes after 20 seconds.');
    say_line('', "How Senda is doing: ${shop}senda-status/");
    my %seen = map { $_ => 1 } mails();
    while (1) {
        follow();
        show_mail($_) for grep { !$seen{$_}++ } mails();
        running() or exit 1;
        nap();
    }
}
exit($failures ? 1 : 0);

# ---- the shop ----

# What the shop's server listens to; its certificate is its own word.
sub listen_words {
    return "listen 127.0.0.1:$port;" unless $tls;
    run('sh', '-c', 'exec "$@" 2>"$0"', "$dir/openssl.log", 'openssl', 'req', '-x509', '-newkey',
        'rsa:2048', '-nodes', '-days', 2, '-subj', '/CN=127.0.0.1', '-keyout', "$dir/tls.key", '-out',
        "$dir/tls.pem");
    return "listen 127.0.0.1:$port ssl http2;\n"
        . "        ssl_certificate $dir/tls.pem;\n        ssl_certificate_key $dir/tls.key;";
}

sub open_shop {
    # nginx's workers are another user when root starts them: they must get through.
    chmod 0755, $dir;
    mkdir "$dir/$_" or die "$dir/$_: $!\n" for qw(tmp mail rules);
    my $workers = $> == 0 ? 'www-data' : '';
    ($port, my $app) = free_ports(2);
    $shop = ($tls ? 'https' : 'http') . "://127.0.0.1:$port/";

    my %value = (
        DIR => $dir, LIVE => $live, PORT => $port, LISTEN => listen_words(), APP => $app, SITE => "$here/site",
        LOAD => $module eq 'none' ? '' : "load_module $module;", RULES => "$dir/rules",
        MESSAGES => "$root/conf/messages", PAGES => "$root/conf/pages", USER => $workers ? "user $workers;" : '',
    );
    # Workers read the site; where they cannot reach the source tree, a copy serves as well.
    run('cp', '-r', "$here/site", "$dir/site");
    $value{SITE} = "$dir/site";
    run('cp', "$here/rules/zapateria.senda", "$dir/rules/");
    fill("$here/$_", "$dir/$_", \%value) for qw(nginx.conf shop.conf types.conf senda.conf);

    heading('The rules, as a marketer wrote them') unless $serve;
    run("$build/senda", 'init', "$dir/store", $workers ? ('--group', $workers) : ());
    run("$build/senda", 'keygen', "$dir/keys");
    show(run("$build/senda", 'check', "$dir/rules/zapateria.senda")) unless $serve;
    show(run("$build/senda", 'test', "$dir/rules/zapateria.senda")) unless $serve;
    run("$build/senda", 'publish', '-c', "$dir/senda.conf");

    $log = "$dir/senda.log";
    start('senda', $log, "$build/senda", 'run', '-c', "$dir/senda.conf", '--lapse', $lapse, '--show');
    start('nginx', "$dir/nginx.out", $nginx, '-p', $dir, '-e', "$dir/error.log", '-c', "$dir/nginx.conf");
    until_true(20, 'the shop to open', sub {
        IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port", Timeout => 1) });
    until_true(20, 'Senda to run', sub { -S "$dir/store/state/senda.sock" });
}

# ---- two shoppers ----

sub walk {
    heading("The shop is open: $shop   (an hour passes in 20 seconds)");
    my %ana = (name => 'Ana', mail => 'ana@example.com', jar => "$dir/ana.jar");
    my %luis = (name => 'Luis', mail => 'luis@example.com', jar => "$dir/luis.jar");

    my $front = visit(\%ana, 'GET', '/', 'comes in by the front door');
    check('the shop answers', $front->{status} == 200);
    check('before consent nobody is marked', !cookie(\%ana, 'senda'));
    visit(\%ana, 'POST', '/consiento/si', 'lets the shop remember her');
    visit(\%ana, 'GET', '/tacon', 'looks at heels');
    check('with consent there is a cookie', cookie(\%ana, 'senda'));
    my $signed = visit(\%ana, 'POST', '/registro', 'signs up',
        email => $ana{mail}, nombre => 'Ana', permiso => 'email');
    check('no X-Senda header reaches the browser', $signed->{head} !~ /^x-senda/im);
    visit(\%ana, 'POST', '/mi_cesta/anadir/salon-carmen', 'takes the red ones');
    visit(\%ana, 'GET', '/mi_cesta', 'opens her basket');

    visit(\%luis, 'GET', '/', 'comes in by the front door');
    visit(\%luis, 'POST', '/consiento/si', 'lets the shop remember him');
    visit(\%luis, 'POST', '/registro', 'signs up',
        email => $luis{mail}, nombre => 'Luis', permiso => 'email');
    my @heels = map { visit(\%luis, 'GET', $_, 'looks at heels') }
        qw(/tacon /tacon/rojo /tacon/azul /tacon);
    my @banner = map { $_->{body} =~ /id="banner-vestir"/ ? 1 : 0 } @heels;
    check('the heels banner is in the fourth heel page, not before', "@banner" eq '0 0 0 1');
    visit(\%luis, 'GET', '/producto/sandalia-marina', 'looks at a sandal');
    visit(\%luis, 'POST', '/mi_cesta/anadir/sandalia-marina', 'puts it into the basket');
    visit(\%luis, 'GET', '/mi_cesta', 'opens his basket');
    say_line('Luis', 'goes away');

    visit(\%ana, 'GET', '/pago', 'goes to the checkout');
    my $paid = visit(\%ana, 'POST', '/pago/datos', 'buys',
        email => $ana{mail}, nombre => 'Ana', calle => 'Calle Mayor 1');
    my ($thanks) = $paid->{head} =~ m{^location:\s*(/gracias\?\S+)}im;
    check('the order went through', $thanks);
    visit(\%ana, 'GET', $thanks // '/gracias', 'sees the thank-you page');

    say_line('', 'and an hour passes …');
    my $came = until_true(30, 'the e-mail', sub { scalar(my @came = mails()) }, 1);
    # Ana opened her basket before Luis did his: whatever was due for her is past by now.
    follow();
    my @mails = mails();
    check('one e-mail came', $came && @mails == 1);
    my $mail = @mails ? read_mail($mails[0]) : {};
    check('to Luis, who left his basket', ($mail->{head}{to} // '') =~ /luis\@example\.com/);
    check('none to Ana, who bought', !grep { (read_mail($_)->{head}{to} // '') =~ /ana\@/ } @mails);
    check('one click is enough to leave', ($mail->{head}{'list-unsubscribe'} // '')
        =~ m{^<\Q$shop\Esenda/u/[\w-]+>,\s*<mailto:} && $mail->{head}{'list-unsubscribe-post'});
    my $status = visit({ name => '', jar => "$dir/nobody.jar" }, 'GET', '/senda-status/json',
        'and how is Senda doing?');
    check('Senda says that all is well', $status->{body} =~ /"status":"ok"/);
    show_mail($_) for @mails;
    leave(\%luis, $mail->{text} // '');
    check('both programs are still running', running());
    heading($failures ? "$failures of the above did not come as it should"
        : 'Ana bought and got nothing. Luis left, got one message, and wants no more. All as it should.');
    tail_of_logs() if $failures;
}

# He follows a link of the e-mail, then wants no more of them.
sub leave {
    my ($who, $text) = @_;
    my ($click) = $text =~ m{\Q$shop\E(senda/c/[\w-]+)};
    my ($page) = $text =~ m{\Q$shop\E(senda/u/[\w-]+)};
    my $back = visit($who, 'GET', '/' . ($click // ''), 'follows a link of the e-mail');
    my ($to) = $back->{head} =~ /^location:\s*(\S+)/im;
    check('back to the shop', $back->{status} == 302 && index($to // '', $shop) == 0);
    my $asks = visit($who, 'GET', '/' . ($page // ''), 'looks at how to leave');
    check('a page asks him, nothing is done yet', $asks->{body} =~ /Darme de baja/);
    my $done = visit($who, 'POST', '/' . ($page // ''), 'leaves', action => 'leave');
    check('and says that it is kept', $done->{status} == 200 && $done->{body} =~ /<h1>Hecho/);
    my $heard = until_true(10, 'it to be heard',
        sub { run("$build/senda", 'contacts', 'show', $who->{mail}, '-c', "$dir/senda.conf") =~ /email\s+unsubscribed/ }, 1);
    check('no marketing goes to him any more', $heard);
}

# One request by curl with this shopper's cookies: { status, head, body }.
sub visit {
    my ($who, $method, $path, $what, @form) = @_;
    my @data = $method eq 'POST' ? ('--data', '') : ();
    while (my ($name, $value) = splice @form, 0, 2) {
        push @data, '--data-urlencode', "$name=$value";
    }
    open my $curl, '-|', 'curl', '-s', '-i', '--max-time', 10, '-A', $browser, '-b', $who->{jar},
        '-c', $who->{jar}, @data, "http://127.0.0.1:$port$path" or die "curl: $!\n";
    binmode $curl;
    my $all = do { local $/; <$curl> } // '';
    close $curl;
    my ($head, $body) = split /\r?\n\r?\n/, $all, 2;
    my ($status) = ($head // '') =~ m{^HTTP/\S+ (\d+)};
    say_line($who->{name}, sprintf '%-34s %s %s', $what, $method, $path);
    # What is drained is known a moment later: a shopper is slower than that.
    my $until = time + 0.06;
    do { follow(); nap(0.02) } while time < $until;
    return { status => $status // 0, head => $head // '', body => $body // '' };
}

sub cookie {
    my ($who, $name) = @_;
    open my $jar, '<', $who->{jar} or return '';
    for (<$jar>) {
        my @field = split /\t|\n/;
        return $field[6] if @field > 6 && $field[5] eq $name;
    }
    return '';
}

# ---- mail ----

sub mails { return sort glob "$dir/mail/new/*" }

sub read_mail {
    my ($file) = @_;
    open my $fh, '<:raw', $file or return {};
    my $text = do { local $/; <$fh> };
    my ($top, $body) = split /\r?\n\r?\n/, $text, 2;
    my $head = headers($top);
    return { head => $head, text => text_of($head, $body // '') };
}

sub headers {
    my ($top) = @_;
    $top =~ s/\r?\n[ \t]+/ /g;
    my %head;
    for (split /\r?\n/, $top) {
        $head{lc $1} = decode('MIME-Header', $2) if /^([\w-]+):\s*(.*)/;
    }
    return \%head;
}

# The plain text of a part, looked for in its parts.
sub text_of {
    my ($head, $body) = @_;
    my $type = $head->{'content-type'} // 'text/plain';
    if ($type =~ /^multipart/i && $type =~ /boundary="?([^";]+)"?/i) {
        for my $part (split /^--\Q$1\E(?:--)?\r?\n/m, $body) {
            my ($top, $inside) = split /\r?\n\r?\n/, $part, 2;
            next unless defined $inside;
            my $text = text_of(headers($top), $inside);
            return $text if length $text;
        }
        return '';
    }
    return '' unless $type =~ m{^text/plain}i;
    my $coding = lc($head->{'content-transfer-encoding'} // '');
    $body = decode_qp($body) if $coding eq 'quoted-printable';
    $body = decode_base64($body) if $coding eq 'base64';
    return decode('UTF-8', $body) =~ s/\r//gr;
}

sub show_mail {
    my $mail = read_mail(@_);
    heading('The e-mail');
    for (qw(From To Subject Date Message-ID List-Unsubscribe List-Unsubscribe-Post)) {
        my $value = $mail->{head}{lc $_} // next;
        print '  ', paint(2, "$_:"), " $value\n";
    }
    print "\n", map({ "  $_\n" } split /\n/, $mail->{text} =~ s/\n+\z//r), "\n";
}

# ---- the screen ----

sub paint { my ($code, $text) = @_; return $color ? "\e[${code}m$text\e[0m" : $text }

sub heading { print "\n", paint(1, $_[0]), "\n" }

sub show { print map { '  ' . decode('UTF-8', $_) . "\n" } split /\n/, $_[0] }

# Who did what; in front, the time in the shop, which only Senda knows.
sub say_line {
    my ($who, $what, $at, $code) = @_;
    printf "  %s  %s %s\n", paint(2, $at // '     '), paint($code // 36, sprintf '%-5s', $who), $what;
}

# What the sidecar has said since the last time.
sub follow {
    return if $serve;
    open my $fh, '<:encoding(UTF-8)', $log or return;
    seek $fh, $at, 0;
    while (my $line = <$fh>) {
        last unless $line =~ s/\n\z//;
        $at = tell $fh;
        my ($clock, $what) = $line =~ /^\S+ (\d\d:\d\d):\d\d \S+\s+(.*)/ or next;
        next if $what =~ m{^runs: };
        say_line('senda', $what =~ s/ at \Q$dir\E\S*//r, $clock, 33);
    }
}

sub check {
    my ($what, $true) = @_;
    $failures++ unless $true;
    say_line($true ? 'ok' : 'NOT OK', $what, undef, $true ? 32 : 31);
}

sub tail_of_logs {
    for my $file ("$dir/error.log", "$dir/nginx.out", $log) {
        open my $fh, '<:encoding(UTF-8)', $file or next;
        my @lines = <$fh>;
        splice @lines, 0, @lines - 15 if @lines > 15;
        print STDERR map { "  $file: $_" } @lines;
    }
}

# ---- processes ----

sub start {
    my ($name, $out, @command) = @_;
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        undef $owner;
        $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP PIPE);
        # Ctrl-C is for this program alone: it closes the shop in order.
        setpgrp 0, 0;
        open STDIN, '<', '/dev/null';
        open STDOUT, '>', $out;
        open STDERR, '>&', \*STDOUT;
        exec { $command[0] } @command or POSIX::_exit(127);
    }
    $child{$pid} = $name;
}

# Whether all that was started still runs.
sub running {
    for my $pid (keys %child) {
        next if waitpid($pid, WNOHANG) == 0;
        print STDERR "$child{$pid} ended by itself\n";
        delete $child{$pid};
        tail_of_logs();
        return 0;
    }
    return 1;
}

# The output of a command that must succeed.
sub run {
    my @command = @_;
    open my $pipe, '-|', @command or die "$command[0]: $!\n";
    my $out = do { local $/; <$pipe> } // '';
    close $pipe or die "$out\n@command failed\n";
    return $out;
}

# Waits for a condition, showing what happens meanwhile. With $soft a time-out is the caller's.
sub until_true {
    my ($seconds, $what, $condition, $soft) = @_;
    my $until = time + $seconds;
    while (time < $until) {
        follow();
        my $true = $condition->();
        return $true if $true;
        running() or exit 1;
        nap();
    }
    return 0 if $soft;
    tail_of_logs();
    die "waited $seconds s for $what\n";
}

sub nap { select undef, undef, undef, $_[0] // 0.05 }

sub free_ports {
    my ($n) = @_;
    my @held = map {
        IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 0, Listen => 1)
            or die "no free port: $!\n";
    } 1 .. $n;
    return map { $_->sockport } @held;
}

sub fill {
    my ($from, $to, $value) = @_;
    open my $in, '<:raw', $from or die "$from: $!\n";
    my $text = do { local $/; <$in> };
    $text =~ s/\@([A-Z]+)\@/$value->{$1} \/\/ die "$from: \@$1\@?\n"/ge;
    open my $out, '>:raw', $to or die "$to: $!\n";
    print $out $text;
    close $out or die "$to: $!\n";
}

# nginx first, so that what it still has to say is journalled; then the sidecar; then the folder.
sub clean_up {
    my $status = $?;
    $SIG{$_} = 'IGNORE' for qw(INT TERM HUP);
    for my $pid (sort { $child{$a} cmp $child{$b} } keys %child) {
        kill TERM => $pid;
        my $until = time + 5;
        nap(0.02) while time < $until && waitpid($pid, WNOHANG) == 0;
        kill KILL => $pid if kill 0 => $pid;
        waitpid $pid, 0;
    }
    remove_tree($dir, { safe => 0 }) if defined $dir;
    remove_tree($live) if defined $live && -d $live;
    $? = $status;
}
