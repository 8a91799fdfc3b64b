# Forms that visitors post: which answers are kept, sealed and with which visit; what is skipped and
# counted; never twice; no word of it in any file.

use strict;
use warnings;
use lib 't/lib';
use Senda::Test;
use Test::More;

my $rules = <<'END';
site shop.test
page home
match GET /
page signup sign_up
match POST /signup
input email
input full name
input card_note
page two
match POST /signup
match POST /two*
input size
page plain
match POST /plain
event walks_by
END
$rules =~ s/input full name/input full_name/;

my $t = Senda::Test->new;
my ($app, $fcgi) = ($t->free_port, $t->free_port);
$t->publish($rules);
$t->page('thanks.html', '<p>thanks</p>');
$t->page('error.html', '<p>sorry</p>');
$t->start(
    http => 'map $arg_who $who { default "email=$arg_who%40example.com"; "" ""; }',
    server => <<"END",
    client_body_buffer_size 16k;
    client_max_body_size 1m;
    location / { proxy_pass http://127.0.0.1:$app; }
    location = /signup { senda_trust_upstream on; proxy_pass http://127.0.0.1:$app; }
    location = /two { proxy_pass http://127.0.0.1:$app; }
    location = /two/static { return 200 "<p>x</p>"; }
    location = /two/unbuffered { proxy_request_buffering off; proxy_http_version 1.1; proxy_pass http://127.0.0.1:$app; }
    location = /two/file { client_body_in_file_only clean; proxy_pass http://127.0.0.1:$app; }
    location = /two/single { client_body_in_single_buffer on; proxy_pass http://127.0.0.1:$app; }
    location = /two/small { client_body_buffer_size 1k; proxy_pass http://127.0.0.1:$app; }
    location = /two/large { client_body_buffer_size 256k; proxy_pass http://127.0.0.1:$app; }
    location = /two/without { proxy_pass_request_body off; proxy_set_header Content-Length ""; proxy_pass http://127.0.0.1:$app; }
    location = /two/rewritten { rewrite ^ /inside last; }
    location = /inside { internal; proxy_pass http://127.0.0.1:$app/two; }
    location = /two/accel { proxy_pass http://127.0.0.1:$app/accel; }
    location = /two/caught { proxy_intercept_errors on; error_page 404 =200 /error.html; proxy_pass http://127.0.0.1:$app/missing; }
    location = /two/mirrored { mirror /mirror; proxy_pass http://127.0.0.1:$app; }
    location = /mirror { internal; proxy_pass http://127.0.0.1:$app; }
    location = /two/auth { auth_request /auth; proxy_pass http://127.0.0.1:$app; }
    location = /auth { internal; proxy_pass_request_body off; proxy_set_header Content-Length ""; proxy_pass http://127.0.0.1:$app; }
    location = /two/off { senda off; proxy_pass http://127.0.0.1:$app; }
    location = /two/dry { senda dry_run; proxy_pass http://127.0.0.1:$app; }
    location = /two/unasked { senda_consent \$arg_agrees; proxy_pass http://127.0.0.1:$app; }
END
    servers => <<"END",
    server {
        listen 127.0.0.1:$app;
        location / {
            add_header X-Senda-Contact \$who;
            if (\$arg_status = 302) { return 302 /thanks; }
            if (\$arg_status = 422) { return 422 "<p>no</p>"; }
            return 200 "<p>ok</p>";
        }
        location = /accel { add_header X-Accel-Redirect /thanks.html; return 200 ""; }
        location = /missing { return 404; }
    }
END
);

# Posts and waits for so many records (1); they, and by how much the counters of what was dropped
# have grown. A body that nobody has read is waited for before the request ends.
my $seen = 0;
my %jar;
sub post {
    my ($path, $body, %o) = @_;
    my %before = %{ $t->rings };
    my $expected = delete $o{records} // 1;
    my $type = exists $o{type} ? delete $o{type} : 'application/x-www-form-urlencoded';
    my $r = $t->get($path, jar => $o{jar} // \%jar, body => $body,
        headers => ['Content-Type' => $type, @{ $o{headers} // [] }]);
    my @new = fresh($expected);
    my $after = $t->rings;
    return ($r, { map { $_ => $after->{$_} - $before{$_} } keys %$after }, @new);
}

sub fresh {
    my ($expected) = @_;
    my @all;
    $t->wait_for(sub { (@all = $t->journal) >= $seen + $expected }, "$expected more records");
    $t->wait_drained;
    @all = $t->journal;
    my @new = @all[$seen .. $#all];
    $seen = @all;
    return @new;
}

# A visitor whose cookie has come back.
$t->get('/', jar => \%jar) for 1 .. 2;
fresh(2);

subtest 'what the rules name is kept, with the visit' => sub {
    my ($r, $dropped, @new) = post('/signup?who=', 'email=ana%40example.com&pass=secret&full_name=Ana+Mar%C3%ADa&x=1');
    is($r->status, 200, 'the shop has answered');
    is(scalar @new, 1, 'one record');
    is($new[0]{form}, 'email=ana%40example.com&full_name=Ana+Mar%C3%ADa', 'these answers');
    is($new[0]{keys}, 'signup,two,sign_up', 'all pages of it');
    is($new[0]{flags} & 32, 32, 'a form …');
    is($new[0]{flags} & 2, 2, '… and a visit');
    isnt($new[0]{visitor}, '0' x 32, 'of this visitor');
    is($dropped->{form} + $dropped->{field}, 0, 'nothing was refused');

    (undef, $dropped, @new) = post('/signup', 'size=38&email=%20a%20');
    is($new[0]{form}, 'email=+a+&size=38' =~ s/.*/size=38&email=+a+/r, 'of both pages');
    (undef, undef, @new) = post('/signup?status=302', 'size=38');
    is($new[0]{form}, 'size=38', 'a redirect is an answer too');
    (undef, $dropped, @new) = post('/signup', 'x=1');
    is($new[0]{form}, undef, 'none of them: a visit alone');
    is($new[0]{flags} & 32, 0, 'no form');
    is($dropped->{form}, 0, 'and nothing to count');
    (undef, $dropped, @new) = post('/plain', 'email=a', type => 'text/plain');
    is($dropped->{form}, 0, 'a page that names no answer looks at none');
};

subtest 'what is never kept' => sub {
    my ($r, $dropped, @new) = post('/signup', 'card_note=1&full_name=4111+1111+1111+1111&size=40');
    is($new[0]{form}, 'size=40', 'neither by its name nor a card\'s number');
    is($dropped->{field}, 2, 'both are counted');
    (undef, $dropped, @new) = post('/signup', 'size=' . 'x' x 2000);
    is($new[0]{form}, undef, 'nor what is too long');
    is($dropped->{field}, 1, 'counted');
    (undef, $dropped, @new) = post('/signup', join '&', map { "full_name=" . ('%C3%B1' x 300) } 1 .. 5);
    cmp_ok(length $new[0]{form}, '<=', 4096, 'nor more than a header may have');
    is($dropped->{field}, 3, 'the rest is counted');
};

subtest 'with what the shop says in its answer' => sub {
    my ($r, $dropped, @new) = post('/signup?who=eva', 'email=eva%40example.com&size=39');
    is(scalar @new, 1, 'one record');
    is($new[0]{contact}, 'email=eva%40example.com', 'the header');
    is($new[0]{form}, 'email=eva%40example.com&size=39', 'and the form');
    is($new[0]{flags} & 38, 38, 'a visit, a contact and a form');
    is($new[0]{keys}, 'signup,two,sign_up', 'of its pages');
};

subtest 'what is skipped, and counted' => sub {
    for my $case (['/two', 'size=1', 'another type', type => 'text/plain'],
        ['/two', 'size=1', 'a type that only begins so', type => 'application/x-www-form-urlencodedx'],
        ['/two', 'size=1', 'no type', type => undef],
        ['/two', "--b\r\n\r\n--b--", 'multipart', type => 'multipart/form-data; boundary=b'],
        ['/two/static', 'size=1', 'nothing reads it'],
        ['/two/file', 'size=1', 'in a file'],
        ['/two/small', 'size=1&x=' . 'y' x 30000, 'in a file for its size'],
        ['/two/large', 'size=1&x=' . 'y' x 70000, 'too large'])
    {
        my ($path, $body, $name, @more) = @$case;
        my ($r, $dropped, @new) = post($path, $body, @more);
        is($r->status, 200, "$name: the shop has answered");
        is($dropped->{form}, 1, "$name: counted, once");
        is(join(',', map { $_->{form} // '-' } @new), '-', "$name: a visit, no form");
    }
    is_slow('/two/unbuffered', undef, 'passed on as it comes: not looked at');
    is_slow('/two', 'size=7', 'late, but kept until it is whole: a form');
};

# The body comes only when nginx asks for it.
sub is_slow {
    my ($path, $form, $name) = @_;
    my ($s, $line, $before) = ($t->connect, '', $t->rings->{form});
    $s->syswrite("POST $path HTTP/1.1\r\nHost: shop.test\r\nUser-Agent: $Senda::Test::AGENT\r\n"
        . "Cookie: senda=$jar{senda}\r\nConnection: close\r\nExpect: 100-continue\r\n"
        . "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 6\r\n\r\n");
    $s->sysread($line, 1, length $line) or die 'no answer' until $line =~ /\r\n\r\n/;
    $s->syswrite('size=7');
    is(Senda::Test::read_answer($s, 'POST', 1)->status, 200, "$name: the shop has answered");
    is((fresh(1))[0]{form}, $form, $name);
    is($t->rings->{form} - $before, defined $form ? 0 : 1, "$name: counted");
}

subtest 'however the request goes' => sub {
    for my $case (['/two', 'size=1', 'plainly'], ['/two/single', 'size=1', 'in one buffer'],
        ['/two/large', 'size=1&x=' . 'y' x 60000, 'in several buffers'],
        ['/two/without', 'size=1', 'not passed on'], ['/two/rewritten', 'size=1', 'rewritten'],
        ['/two/accel', 'size=1', 'X-Accel-Redirect'], ['/two/caught', 'size=1', 'an error page'],
        ['/two/mirrored', 'size=1', 'mirrored'], ['/two/auth', 'size=1', 'behind auth_request'])
    {
        my ($path, $body, $name) = @$case;
        my ($r, $dropped, @new) = post($path, $body);
        is($r->status, 200, "$name: answered");
        is(join(',', map { $_->{form} // '-' } @new), 'size=1', "$name: once");
        is($dropped->{form}, 0, "$name: nothing is skipped");
    }
    my ($r, $dropped, @new) = post('/two', 'size=1',
        type => 'Application/X-WWW-Form-urlencoded; charset=utf-8');
    is($new[0]{form}, 'size=1', 'whatever the case of its type');

    my $s = $t->connect;
    $s->syswrite("POST /two HTTP/1.1\r\nHost: shop.test\r\nUser-Agent: $Senda::Test::AGENT\r\n"
        . "Cookie: senda=$jar{senda}\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n"
        . "Content-Type: application/x-www-form-urlencoded\r\n\r\n4\r\nsize\r\n");
    $s->syswrite("3\r\n=42\r\n0\r\n\r\n");
    is(Senda::Test::read_answer($s, 'POST', 1)->status, 200, 'in chunks');
    @new = fresh(1);
    is($new[0]{form}, 'size=42', 'put together');
};

subtest 'nothing of who must not be followed' => sub {
    my ($r, $dropped, @new) = post('/signup?status=422', 'email=x', records => 0);
    is(scalar @new, 0, 'refused by the shop');
    (undef, $dropped, @new) = post('/two', 'size=1', records => 0,
        headers => ['User-Agent' => 'Googlebot/2.1']);
    is(scalar @new, 0, 'a bot');
    (undef, $dropped, @new) = post('/two', 'size=1', records => 0,
        headers => ['Sec-Purpose' => 'prefetch']);
    is(scalar @new, 0, 'a prefetch');
    (undef, $dropped, @new) = post('/two/off', 'size=1', records => 0);
    is(scalar @new, 0, 'senda off');
    (undef, $dropped, @new) = post('/two/dry', 'size=1');
    is($new[0]{flags} & 48, 48, 'a dry run says that it is one');
};

# A form is the person's own word to the shop: it needs no leave to be followed.
subtest 'without consent: the form, and nobody\'s visit' => sub {
    my ($r, $dropped, @new) = post('/two/unasked', 'size=1', jar => {});
    is(scalar @new, 1, 'one record');
    is($new[0]{form}, 'size=1', 'the form');
    is($new[0]{visitor}, '0' x 32, 'no visitor');
    is($new[0]{path}, '', 'no path');
    is($new[0]{flags}, 32, 'no visit');
    is($new[0]{keys}, 'two', 'but which form it was');
    is($r->header('Set-Cookie'), undef, 'no cookie');
};

subtest 'without a cookie: anybody can post, so no visitor is made' => sub {
    my $before = keys %{ $t->counts };
    my %new_jar;
    my ($r, $dropped, @new) = post('/two', 'size=1', jar => \%new_jar);
    is($new[0]{visitor}, '0' x 32, 'no visitor');
    is($new[0]{form}, 'size=1', 'the form');
    like($r->header('Set-Cookie'), qr/^senda=/, 'a cookie, that carries the landing');
    is(scalar keys %{ $t->counts }, $before, 'nobody new in live/');
    (undef, undef, @new) = post('/two', 'size=2', jar => \%new_jar, records => 2);
    is(scalar @new, 2, 'it comes back: the landing and the form');
    is($new[1]{form}, 'size=2', 'of this visitor');
    is(scalar keys %{ $t->counts }, $before + 1, 'who is known now');
};

# Sealed before it enters the ring.
my @found;
for my $file (glob($t->store . '/{journal,published}/*'), glob($t->live . '/*')) {
    open my $fh, '<', $file or next;
    binmode $fh;
    local $/;
    push @found, $file if (<$fh> // '') =~ /ana(?:%40|\@)example|full_name=Ana/;
}
is("@found", '', 'in no file that nginx writes stands an answer');

$t->done;
