#!/usr/bin/perl
# Links of messages, the whole way: the sidecar sends an e-mail, nginx answers for what stands in it.
# One-click unsubscription as mail services do it, the page of channels, clicks that count only for
# browsers whose cookie comes back, addresses of messages and of nothing else.

use strict;
use warnings;
use lib 't/lib';
use MIME::QuotedPrint qw(decode_qp);
use Senda::Sidecar;
use Senda::Test;
use Test::More;

my $FLOWS = <<'END';
flow welcome
  start when signs up
  again never
  send email welcome

flow news
  start when visits news
  again always
  send email news

flow liked
  start when clicks welcome
  again never
  send email liked

END

my $t = Senda::Test->new;
my $s = Senda::Sidecar->new;
my $app = $t->free_port;
my $base = 'http://127.0.0.1:' . $t->port;
my $endpoint = "$base/senda/";

# nginx's workers are another user when root starts them: they must get through.
chmod 0755, $s->dir;
if ($> == 0) {
    chown -1, (getgrnam('www-data'))[2], map { $s->dir . "/store/$_" } qw(journal published);
    chmod 02770, map { $s->dir . "/store/$_" } qw(journal published);
}
Senda::Sidecar::spew($s->dir . '/rules/shop.senda', rules('en'));
$s->template('welcome', <<"END");
Subject: welcome

--- html
<body><p>Hello {{name}}, <a href="https://shop.test/cart?a=1&amp;b=2">your basket</a>,
<a href="https://other.test/">another shop</a>, <a data-senda="direct" href="https://shop.test/legal">legal</a>.</p></body>
END
$s->template($_) for qw(news liked);
$s->conf(endpoint => $endpoint, site_url => 'https://shop.test', pages => conf_pages());

sub conf_pages { my $here = `pwd`; chomp $here; return "$here/conf/pages" }

sub rules {
    my ($language) = @_;
    my $head = $Senda::Sidecar::RULES =~ s/language  en/language  $language/r;
    return $head . "page news /news\n\n" . $FLOWS;
}

sub open_shop {
    my $dir = $s->dir;
    $t->start(
        store => "senda_store $dir/store live=run/live size=16m;\n    senda_key $dir/keys/nginx.key;",
        senda => "senda on;\n    senda_consent always;\n    senda_site shop.test;\n    senda_trust_upstream on;",
        http => 'map $arg_who $contact { default "email=$arg_who%40example.com&name=$arg_who&phone=%2B34600111222&consent=$arg_consent"; "" ""; }',
        server => <<"END",
    location / { proxy_pass http://127.0.0.1:$app; }
    location /senda/ { senda_endpoint; }
END
        servers => <<"END");
    server {
        listen 127.0.0.1:$app;
        location / { add_header X-Senda-Contact \$contact; return 200 "<p>shop</p>"; }
    }
END
}

my %jar;
# A person who comes back with her cookie, signs up and agrees to e-mail.
sub sign_up {
    my ($name) = @_;
    my $jar = $jar{$name} = {};
    $t->get('/', jar => $jar);
    $t->get('/', jar => $jar);
    is($t->get("/signup?who=$name&consent=email", jar => $jar, body => '')->status, 200, "$name signs up");
}

# The message of a template to somebody, taken apart: { text, html, head }.
sub mail_to {
    my ($name, $subject, $n) = @_;
    my @found;
    $s->wait_for(sub {
        my %mail = $s->mail;
        @found = map { $mail{$_} } sort grep { $mail{$_} =~ /^To: .*\b\Q$name\E\@/m && $mail{$_} =~ /^Subject: $subject\r?$/m } keys %mail;
        @found >= ($n // 1);
    }, "the message $subject to $name");
    my ($head, $body) = split /\r?\n\r?\n/, $found[-1], 2;
    $head =~ s/\r?\n[ \t]+/ /g;
    return { head => $head =~ s/\r//gr, body => decode_qp($body) };
}

# All that happened until now has been heard: somebody who came after it has got a message.
my $barriers = 0;
sub barrier {
    my $name = 'later' . ++$barriers;
    sign_up($name);
    mail_to($name, 'welcome');
}

sub links { my ($mail, $kind) = @_; return $mail->{body} =~ m{\Q$endpoint\E($kind/[\w-]{43})}g }
sub show { my ($who) = @_; my ($out) = $s->senda('contacts', 'show', "$who\@example.com"); return $out }

$s->start;
open_shop();

sign_up($_) for qw(ann bob eve);
my %mail = map { $_ => mail_to($_, 'welcome') } qw(ann bob eve);

subtest 'what stands in an e-mail' => sub {
    my ($head, $body) = @{ $mail{ann} }{qw(head body)};
    like($head, qr/^List-Unsubscribe: <\Q$endpoint\Eu\/[\w-]{43}>, <mailto:out\@shop\.test\?subject=unsubscribe%20ann%40example\.com>$/m,
        'two ways to leave, the one with a click first');
    like($head, qr/^List-Unsubscribe-Post: List-Unsubscribe=One-Click$/m, 'one click is enough');
    is(scalar(() = links($mail{ann}, 'c')), 4, 'two links, in both parts');
    unlike($body, qr/shop\.test\/cart|other\.test/, 'nothing else is left of them');
    like($body, qr{href="https://shop\.test/legal"}, 'but of the direct one');
    unlike($body, qr/data-senda|senda\/o\//, 'no mark of it, no picture');
    my %mine = map { $_ => 1 } links($mail{ann}, '[cu]');
    is(scalar(grep { $mine{$_} } links($mail{bob}, '[cu]')), 0, 'nobody has the links of another');
};

subtest 'GET changes nothing' => sub {
    my $before = join "\n", map { show($_) } qw(ann bob eve);
    my @all = map { links($mail{$_}, '[cou]') } qw(ann bob eve);
    my %status;
    for my $link (@all) {
        $status{ $t->get("/senda/$link", method => $_)->status }++ for qw(GET HEAD GET);
    }
    is(join(' ', sort keys %status), '200 302', 'each is answered');
    barrier();
    is(join("\n", map { show($_) } qw(ann bob eve)), $before, 'and nobody has said anything by it');
    unlike($s->log, qr/message liked/, 'no click is believed');
};

subtest 'where a link leads' => sub {
    my ($cart, $other) = links($mail{ann}, 'c');
    my $r = $t->get("/senda/$cart");
    is($r->status, 302, 'a redirect');
    is($r->header('Location'), 'https://shop.test/cart?a=1&b=2', 'to what stood there');
    is($t->get("/senda/$other")->header('Location'), 'https://other.test/', 'also to another shop');
    substr($cart, -1) = substr($cart, -1) eq 'A' ? 'B' : 'A';
    for my $bad ($cart, 'c/' . ('A' x 43), $other =~ s/^c/u/r, 'c/?https://evil.test', 'x', '') {
        my $x = $t->get("/senda/$bad");
        is($x->status . ' ' . ($x->header('Location') // ''), '404 ', "none by \"$bad\"");
    }
};

subtest 'a click counts when the cookie came back' => sub {
    my ($cart) = links($mail{ann}, 'c');
    is($t->get("/senda/$cart", jar => $jar{ann})->status, 302, 'ann clicks');
    mail_to('ann', 'liked');
    pass('and the flow that waits for it begins');

    # a browser that nobody knew: the click is believed once its cookie comes from a page of the shop
    my ($hers) = links($mail{eve}, 'c');
    my %fresh;
    is($t->get("/senda/$hers", jar => \%fresh)->status, 302, 'eve clicks in another browser');
    is($t->get('/cart?a=1&b=2', jar => \%fresh)->status, 200, 'and gets the page');
    barrier();
    unlike($s->log, qr/message liked sent to contact 3/, 'that may have been a program');
    $t->get('/', jar => \%fresh, headers => [Referer => 'http://shop.test/cart?a=1']);
    mail_to('eve', 'liked');
    pass('but a program does not go on from there');
};

subtest 'unsubscribed by one click' => sub {
    my ($u) = $mail{ann}{head} =~ m{List-Unsubscribe: <\Q$base\E([^>]+)>};
    my $r = $t->get($u, body => 'List-Unsubscribe=One-Click',
        headers => ['Content-Type' => 'application/x-www-form-urlencoded', 'User-Agent' => 'Google-Mail']);
    is($r->status, 200, 'as mail services do it, without a cookie');
    # the very next thing that happens is no longer in time
    $t->get('/news', jar => $jar{$_}) for qw(ann bob);
    mail_to('bob', 'news');
    my $out = show('ann');
    like($out, qr/email\s+unsubscribed, by one click in a message, \d{4}-/, 'it is written down how and when') or diag($out);
    barrier();
    is(scalar(grep { /^To: .*\bann\@/m && /^Subject: news/m } values %{ { $s->mail } }), 0, 'ann gets no news');
};

subtest 'the page of channels' => sub {
    my ($u) = links($mail{ann}, 'u');
    my $wait = sub {
        my ($what, $like) = @_;
        $t->until(10, sub { $t->get("/senda/$u")->body =~ $like }) ? pass($what) : fail($what);
    };
    $wait->('it knows that she has left', qr/value="email">/);
    my $page = $t->get("/senda/$u");
    is($page->status, 200, 'it opens');
    like($page->header('Content-Type'), qr{^text/html}, 'a page');
    like($page->body, qr/Do you want to stop these messages\?/, 'of the shop, in its language');
    like($page->body, qr/value="sms">/, 'with the channels that she has');
    unlike($page->body, qr/value="push"|\x01|\{\{/, 'and no other');
    unlike($page->body, qr/\@example|<script/, 'no address of anybody, no script');

    my $saved = $t->get("/senda/$u", body => 'channel=email&action=save');
    is($saved->status, 200, 'she wants e-mail again');
    like($saved->body, qr/Your choice is kept/, 'and is told that it is kept');
    $wait->('the page shows it', qr/value="email" checked>/);
    like(show('ann'), qr/email\s+consents, on the page of channels, \d{4}-/, 'how and when');
    $t->get('/news', jar => $jar{ann});
    mail_to('ann', 'news');
    pass('and gets it');
    is($t->get("/senda/$u", body => 'action=save')->status, 200, 'she wants nothing any more');
    $wait->('the page shows that, too', qr/value="email">/);
    like(show('ann'), qr/email\s+unsubscribed, on the page of channels/, 'which is written down');
    is($t->get("/senda/$u", body => 'hello=1')->status, 400, 'anything else is no choice');
    is($t->get('/senda/u/' . 'A' x 43, body => 'List-Unsubscribe=One-Click')->status, 404, 'nor is a token that nobody made');
};

subtest 'in Spanish, and without the sidecar' => sub {
    Senda::Sidecar::spew($s->dir . '/rules/shop.senda', rules('es'));
    $s->wait_for(sub { (() = $s->log =~ /rules are live/g) == 2 }, 'Spanish rules');
    sign_up('luis');
    my ($u) = links(mail_to('luis', 'welcome'), 'u');
    is($s->stop, 0, 'the sidecar stops');
    my $page = $t->get("/senda/$u")->body;
    like($page, qr/<html lang="es">/, 'the page in Spanish');
    like($page, qr/Darme de baja/, 'with its words');
    is($t->get("/senda/$u", body => 'action=leave')->status, 200, 'leaving works all the same');
    $s->start;
    $s->wait_for(sub { show('luis') =~ /email\s+unsubscribed/ }, 'and is heard later');
    pass('and is heard at the next start');
};

$t->finish;
$s->done;
done_testing();
