# What is stored of a request, and what an upstream gets to see: query values that no page asks for
# lie nowhere, X-Senda-* of clients go no further, floods without cookies store nothing.

use strict;
use warnings;
use lib 't/lib';
use Senda::Load;
use Senda::Test;
use Test::More;
use IO::Socket::INET;

my $rules = <<'END';
site shop.test
page home
match GET /
page search
match GET /search*?q={q}
except GET /search*?test=1
page login
match POST /login
page product
match GET /product/{item}
END

my $t = Senda::Test->new;
my ($app, $cgi, $grpc) = map { $t->free_port } 1 .. 3;
my $heads = $t->dir . '/heads';
$t->publish($rules);

# ---- an upstream that keeps what it gets and answers in three protocols ----

sub upstream {
    my ($port, $answer) = @_;
    my $listen = IO::Socket::INET->new(Listen => 20, LocalAddr => '127.0.0.1', LocalPort => $port,
        ReuseAddr => 1) or die "port $port: $!";
    my $pid = fork // die "fork: $!";
    if ($pid == 0) {
        $SIG{PIPE} = 'IGNORE';
        while (my $s = $listen->accept) {
            my $data = '';
            local $SIG{ALRM} = sub { $s->close };
            alarm 5;
            while ($s->sysread($data, 65536, length $data)) {
                open my $fh, '>>:raw', $heads or last;
                print $fh $data;
                close $fh;
                last if $data =~ /\r\n\r\n|HTTP_X_LAST/;
            }
            $s->syswrite($answer);
            $s->close;
            alarm 0;
        }
        POSIX::_exit(0);
    }
    return $pid;
}

my $http = "HTTP/1.0 200 OK\r\nContent-Type: text/html\r\nContent-Length: 8\r\n\r\n<p>x</p>";
my $text = "Content-Type: text/html\r\n\r\n<p>x</p>";
my $fastcgi = pack('CCnnCx', 1, 6, 1, length $text, 0) . $text . pack('CCnnCx', 1, 3, 1, 8, 0)
    . "\0" x 8;
my @upstreams = (upstream($app, $http), upstream($cgi, $fastcgi), upstream($grpc, ''));
END { local $?; if (@upstreams) { kill KILL => @upstreams; waitpid $_, 0 for @upstreams } }

$t->page('index.html', '<p>home</p>');
$t->start(
    http => "underscores_in_headers on;\n    ignore_invalid_headers off;",
    server => <<"END",
    error_page 400 = \@app;
    location / { return 200 "<p>\$args</p>"; }
    location /app { proxy_pass http://127.0.0.1:$app; }
    location \@app { proxy_pass http://127.0.0.1:$app; }
    location /fcgi { fastcgi_pass 127.0.0.1:$cgi; fastcgi_param SCRIPT_NAME /x; }
    location /scgi { scgi_pass 127.0.0.1:$app; scgi_param SCRIPT_NAME /x; }
    location /uwsgi { uwsgi_pass 127.0.0.1:$app; uwsgi_param SCRIPT_NAME /x; }
    location /grpc { grpc_pass 127.0.0.1:$grpc; }
    location /auth { auth_request /check; proxy_pass http://127.0.0.1:$app; }
    location = /check { internal; proxy_pass http://127.0.0.1:$app; }
    location /mirror { mirror /mirrored; proxy_pass http://127.0.0.1:$app; }
    location = /mirrored { internal; proxy_pass http://127.0.0.1:$app; }
    location /off { senda off; proxy_pass http://127.0.0.1:$app; }
    location /inner { try_files /none /app; }
    location /named { try_files /none \@app; }
    location /variable { return 200 "[\$http_x_senda_contact] [\$http_x_last]"; }
END
    servers => <<"END",
    server {
        listen 127.0.0.1:${\$t->port};
        server_name nobody.test;
        location / { proxy_pass http://127.0.0.1:$app; }
    }
END
);

# Every file of the store and of live/, as one text.
sub stored {
    my @files = split /\n/, $t->run('find', $t->store, $t->live, '-type', 'f');
    return join '', map { Senda::Test::slurp($_) } @files;
}

subtest 'query values that no page asks for' => sub {
    my $secrets = join '&', 'token=SECRETtoken', 'sid=SECRETsid', 'email=SECRET%40example.com',
        'fbclid=SECRETclid', 'gclid=SECRETclid', 'utm_other=SECRETutm', 'SECRETname=1', 'SECRETbare';
    my $jar = {};
    $t->get("/search?$secrets&q=red+shoes&utm_source=mail&utm_campaign=spring", jar => $jar);
    my $landing = $jar->{senda};
    (my $raw = $landing) =~ tr{-_}{+/};
    require MIME::Base64;
    my $text = MIME::Base64::decode_base64($raw . '=' x (-length($raw) % 4));
    like($text, qr{/search\?q=red\+shoes&utm_source=mail&utm_campaign=spring}, 'the cookie has what is needed');
    unlike($text, qr/SECRET/, '… and nothing else');
    $t->get("/?$secrets", jar => $jar);
    $t->get("/product/shoe?$secrets&utm_medium=x", jar => $jar);
    $t->get("/nothing/here?$secrets", jar => $jar);
    $t->get("/login?$secrets", jar => $jar, body => "password=SECRETword&$secrets");
    $t->wait_drained;
    my $all = stored();
    cmp_ok(length $all, '>', 100_000, 'rings, journal, live: all of it');
    like($all, qr/red shoes/, 'a captured value is found so');
    like($all, qr/spring/, 'a campaign too');
    unlike($all, qr/SECRET/, 'the others are nowhere');

    my @visits = $t->journal;
    is_deeply($visits[0]{captures}, { q => 'red', utm_source => 'mail', utm_campaign => 'spring' },
        'the landing\'s campaign is kept as captures') or diag($visits[0]{line});
    is($visits[2]{captures}{utm_medium}, 'x', 'and another page\'s');
    is($visits[1]{path}, '/', 'a path has no arguments');
};

subtest 'a landing is what it was, though arguments are gone' => sub {
    my $jar = {};
    my $before = () = $t->journal;
    $t->get('/search?a=1&test=1&q=x&b=2', jar => $jar);
    $t->get('/', jar => $jar);
    $t->wait_drained;
    my $landing = ($t->journal)[$before];
    is($landing->{path}, '/search', 'the landing');
    is($landing->{keys} // '', '', 'an argument by which a page is excepted is kept');
};

# ---- X-Senda-* of clients ----

my @names = ('X-Senda-Contact', 'x-senda-event', 'X_Senda_Contact', 'X-SENDA-ANYTHING',
    'X.Senda.Contact', 'X-Senda_Mixed');

sub heads_of {
    my ($path, %o) = @_;
    unlink $heads;
    my $r = $t->get($path, headers => [(map { $_ => 'FORGED' } @names), 'X-Sendat' => 'kept',
        'X-Last' => 'last', @{ $o{headers} // [] }], %{ $o{more} // {} });
    return Senda::Test::slurp($heads);
}

subtest 'X-Senda-* of clients' => sub {
    for my $path ('/app', '/auth', '/mirror', '/off', '/inner', '/named') {
        my $seen = heads_of($path);
        like($seen, qr/X-Last: last/, "$path: the request reaches its upstream");
        like($seen, qr/X-Sendat: kept/, '… with its own headers');
        unlike($seen, qr/FORGED/, '… and without ours');
    }
    for my $path ('/fcgi', '/scgi', '/uwsgi') {
        my $seen = heads_of($path);
        like($seen, qr/HTTP_X_LAST/, "$path: the request reaches its upstream");
        unlike($seen, qr/FORGED|HTTP_X.SENDA[^T]/i, '… without them');
    }
    unlike(heads_of('/grpc'), qr/FORGED|senda-/i, '/grpc: without them');
    unlike(heads_of('/', more => { host => 'nobody.test' }), qr/FORGED/, 'a server without senda too');
    my $r = $t->get('/variable', headers => ['X-Senda-Contact' => 'x', 'X-Last' => 'y']);
    is($r->body, '[] [y]', 'nor do variables see them');
};

subtest 'many of them, anywhere' => sub {
    for my $many (1, 2, 19, 20, 21, 41, 60) {
        for my $where (0, 1, 2) {
            my @ours = map { ("X-Senda-N$_" => 'FORGED') } 1 .. $many;
            my @others = map { ("X-Other-$_" => "v$_") } 1 .. 25;
            my $s = $t->connect;
            my @all = $where == 0 ? (@ours, @others) : $where == 1 ? (@others, @ours)
                : map { (@others[2 * $_, 2 * $_ + 1], @ours[2 * $_, 2 * $_ + 1]) } 0 .. 24;
            my @pairs;
            while (my ($n, $v) = splice @all, 0, 2) { push @pairs, "$n: $v" if defined $n }
            unlink $heads;
            $s->syswrite("GET /app HTTP/1.1\r\nHost: shop.test\r\nUser-Agent: Mozilla/5.0 (X11; Linux) Gecko Firefox/1\r\n"
                . join('', map { "$_\r\n" } @pairs) . "Cookie: a=b\r\nConnection: close\r\n\r\n");
            my $answer = Senda::Test::read_answer($s, 'GET', 1);
            my $seen = Senda::Test::slurp($heads);
            is($answer->status, 200, "$many, way $where: answered") or last;
            is(join(',', $seen =~ /^X-Other-(\d+): v\1\r$/mg), join(',', 1 .. 25), '… the others are all there, in order');
            unlike($seen, qr/FORGED/, '… and none of ours');
            like($seen, qr/^Cookie: a=b\r$/m, '… nor is what came after lost');
        }
    }
};

subtest 'a request that is refused before it is read' => sub {
    unlink $heads;
    my $s = $t->connect;
    $s->syswrite("GET /app HTTP/1.1\r\nX-Senda-Contact: FORGED\r\nX-Last: last\r\nConnection: close\r\n\r\n");
    Senda::Test::read_answer($s, 'GET', 1);
    my $seen = Senda::Test::slurp($heads);
    like($seen, qr/X-Last: last/, 'an error page of the upstream');
    unlike($seen, qr/FORGED/, '… gets none of it either');
};

# ---- floods ----

my $many = full(20_000, 1_000_000);

sub flood {
    my ($n, $cookie) = @_;
    my ($sent, $set) = (0, 0);
    while ($sent < $n) {
        my $s = $t->connect;
        my $batch = $n - $sent < 500 ? $n - $sent : 500;
        my $text = join '', map {
            my $more = $cookie ? 'Cookie: senda=' . $cookie->() . "\r\n" : '';
            "GET /product/shoe HTTP/1.1\r\nHost: shop.test\r\nUser-Agent: Mozilla/5.0 (X11; Linux) Gecko Firefox/1\r\n${more}"
                . ($_ == $batch ? "Connection: close\r\n" : '') . "\r\n"
        } 1 .. $batch;
        my $pid = fork // die "fork: $!";
        if ($pid == 0) { $s->syswrite($text); POSIX::_exit(0) }
        my $data = '';
        while ($s->sysread($data, 1 << 16, length $data)) { }
        waitpid $pid, 0;
        $sent += () = $data =~ m{HTTP/1\.1 200 OK\r}g;
        $set += () = $data =~ /^Set-Cookie: senda=/mg;
    }
    return ($sent, $set);
}

subtest 'a flood without cookies' => sub {
    $t->wait_drained;
    my $visits = () = $t->journal;
    my $known = keys %{ $t->counts };
    my ($sent, $set) = flood($many);
    is($sent, $many, "$many requests");
    is($set, $many, 'each gets a cookie');
    $t->wait_drained;
    is(scalar(() = $t->journal), $visits, 'nothing is journalled');
    is(scalar(keys %{ $t->counts }), $known, 'nothing is stored');
    figure('F10', "$sent requests without a cookie, nothing stored");
};

subtest 'a flood of forged cookies' => sub {
    my $jar = {};
    $t->get('/', jar => $jar);
    $t->wait_drained;
    my $good = $jar->{senda};
    my @letters = ('A' .. 'Z', 'a' .. 'z', 0 .. 9, '-', '_');
    my $visits = () = $t->journal;
    my $refused = $t->rings->{cookie};
    my $alter = sub {
        my $bad = $good;
        substr($bad, rand length $bad, 1) = $letters[rand @letters] for 1 .. 1 + rand 3;
        return $bad eq $good ? "x$good" : $bad;
    };
    my ($sent, $set) = flood($many, $alter);
    is($sent, $many, "$many of them");
    is($set, $many, 'each is answered with a cookie of its own');
    $t->wait_drained;
    is(scalar(() = $t->journal), $visits, 'none is believed');
    is($t->rings->{cookie} - $refused, $many, 'each is counted');
    figure('F10', "$sent requests with a forged cookie, none believed");
};

$t->done;
