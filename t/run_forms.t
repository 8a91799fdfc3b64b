#!/usr/bin/perl
# Forms, the whole way: posted to the shop, seen by nginx, sealed, followed by the sidecar, a contact;
# and back: what is known of who filled it in, on the next page. No address in any file of nginx's.

use strict;
use warnings;
use lib 't/lib';
use Senda::Sidecar;
use Senda::Test;
use Test::More;

my $RULES = <<'END';
site shop.test
  timezone  Europe/Madrid
  currency  EUR
  language  en

page home      /
page signup    POST /newsletter  form email={email} your_name={name} news={consent} size={size}  is sign_up
page profile   POST /profile     form size={size} interest={interest}
field size      number
field interest  text

score +10  when signs up
score +1   when visits home
segment runners = interest = "running"
stage lead   if signs up
show hello     in header  if in runners
show welcome   in header

flow welcome
  start when signs up
  again never
  send email welcome
END

my $t = Senda::Test->new;
my $s = Senda::Sidecar->new(templates => ['welcome']);
my $app = $t->free_port;
my $dir = $s->dir;

# nginx's workers are another user when root starts them: they must get through.
chmod 0755, $dir;
if ($> == 0) {
    chown -1, (getgrnam('www-data'))[2], map { "$dir/store/$_" } qw(journal published);
    chmod 02770, map { "$dir/store/$_" } qw(journal published);
}
Senda::Sidecar::spew("$dir/rules/shop.senda", $RULES);
$s->start;
$t->start(
    store => "senda_store $dir/store live=run/live size=16m;\n    senda_key $dir/keys/nginx.key;",
    http => 'map $arg_who $contact { default "email=$arg_who%40example.com"; "" ""; }',
    server => <<"END",
    senda_trust_upstream on;
    location / { proxy_pass http://127.0.0.1:$app; sub_filter KNOWN "[\$senda_score] [\$senda_stage] [\$senda_segments] \$senda_show_header"; }
    location /unasked/ { senda_consent \$arg_agrees; proxy_pass http://127.0.0.1:$app; }
END
    servers => <<"END");
    server {
        listen 127.0.0.1:$app;
        location / { add_header X-Senda-Contact \$contact; return 200 "<p>KNOWN</p>"; }
    }
END

sub browser { my $jar = {}; $t->get('/', jar => $jar) for 1 .. 2; return $jar }
sub fill {
    my ($jar, $path, $body) = @_;
    my $r = $t->get($path, jar => $jar, body => $body,
        headers => ['Content-Type' => 'application/x-www-form-urlencoded']);
    is($r->status, 200, "$path is answered");
}
sub known { $t->get('/', jar => $_[0])->body =~ s/<\/?p>//gr }
sub contact { ($s->senda('contacts', 'show', $_[0]))[0] }
sub lines { my ($pattern) = @_; my $n = () = $s->log =~ /$pattern/g; return $n }

my $ana = browser();
subtest 'a visitor becomes a contact' => sub {
    fill($ana, '/newsletter', 'email=Ana%40example.com&your_name=Ana+Mar%C3%ADa&news=on&size=38&password=geheim');
    $s->wait_for(sub { $s->log =~ /message welcome sent to contact 1/ }, 'who has signed up is written to');
    my $out = contact('ana@example.com');
    like($out, qr/Ana María/, 'her name');
    like($out, qr/^  size +38$/m, 'what she answered');
    like($out, qr/^  email +consents/m, 'that she agreed');
    unlike($out, qr/geheim/, 'nothing else');
    like(join('', values %{ { $s->mail } }), qr/^To: .*ana\@example\.com/m, 'the message is hers');
    is(known($ana), '[0] [] [] welcome', 'without a login nothing of a contact is shown');
};

subtest 'and is known on the next page after a login' => sub {
    is($t->get('/?who=ana', jar => $ana)->status, 200, 'she logs in');
    $s->wait_for(sub { known($ana) =~ /^\[\d\d\] \[lead\] \[\] welcome$/ }, 'points and stage');
    fill($ana, '/profile', 'interest=running');
    $s->wait_for(sub { known($ana) =~ /^\[\d\d\] \[lead\] \[runners\] hello$/ }, 'a segment, and its block');
    is(known(browser()), '[0] [] [] welcome', 'to nobody else');
};

subtest 'a form for somebody else' => sub {
    fill($ana, '/newsletter', 'email=eva%40example.com&news=on');
    $s->wait_for(sub { $s->log =~ /message welcome sent to contact 2/ }, 'she is written to');
    like(known($ana), qr/^\[\d\d\] \[lead\] \[runners\] hello$/, 'the browser stays whose it was');
    like(contact('ana@example.com'), qr/Ana María/, 'she is still there');
};

subtest 'without consent to be followed' => sub {
    my $jar = {};
    fill({}, '/newsletter', 'email=luz%40example.com&news=on');
    $s->wait_for(sub { $s->log =~ /message welcome sent to contact 3/ }, 'a first request, without a cookie: what she asked for she gets');
    Senda::Sidecar::spew("$dir/rules/shop.senda", $RULES =~ s{POST /newsletter}{POST /newsletter, POST /unasked/newsletter}r);
    $s->wait_for(sub { $s->log =~ /rules are live: 1 file, generation 2/ }, 'other rules');
    $t->wait_for(sub { fill_quietly($jar, '/unasked/newsletter', 'email=sol%40example.com&news=on'); !($s->senda('contacts', 'show', 'sol@example.com'))[1] },
        'nor is consent needed');
    is(join(',', keys %$jar), '', 'and no cookie is set');
};
sub fill_quietly { my ($jar, $path, $body) = @_; $t->get($path, jar => $jar, body => $body, headers => ['Content-Type' => 'application/x-www-form-urlencoded']); }

subtest 'what is no form of ours' => sub {
    $s->wait_for(sub { $s->log =~ /contact 4 is new/ }, 'the log tells of the one before');
    my ($before) = lines('is new');
    fill($ana, '/newsletter', 'email=nobody&news=on');
    $s->wait_for(sub { $s->log =~ /a header of .* is not used: email is no address/ }, 'an address that is none');
    is(lines('is new'), $before, 'makes nobody');
};

# Whoever types her address and then logs in as himself, at a moment when the sidecar is away.
subtest 'a stranger with her address' => sub {
    my $mal = browser();
    fill($mal, '/newsletter', 'email=ana%40example.com');
    fill($ana, '/newsletter', 'email=paz%40example.com');
    $s->wait_for(sub { $s->log =~ /contact 5 is new/ }, 'both forms are followed');
    is($s->stop, 0, 'the sidecar is stopped');
    is($t->get('/?who=mal', jar => $mal)->status, 200, 'he logs in');
    is(known($mal), '[0] [] [] welcome', 'and sees nothing of hers');
    like(known($ana), qr/^\[\d\d\] \[lead\] \[runners\] hello$/, 'she does');
    $s->start;
};

$t->wait_drained;
my @found;
for my $file (glob("$dir/store/{journal,published}/*"), glob($t->live . '/*'), $t->dir . '/error.log') {
    open my $fh, '<', $file or next;
    binmode $fh;
    local $/;
    push @found, $file if (<$fh> // '') =~ /(?:ana|eva|luz|sol|paz|mal)(?:%40|\@)example|geheim|your_name=/i;
}
is("@found", '', 'no address in journal, published, live nor the log');

is($s->stop, 0, 'the sidecar ends cleanly');
$s->done;
$t->done;
