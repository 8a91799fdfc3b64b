# Who is meant: a login is stronger than the cookie, a second person on one browser is somebody new,
# a session ends, a logout ends it, and nothing of one person shows to another.

use strict;
use warnings;
use lib 't/lib';
use Senda::Test;
use Test::More;

my $rules = <<'END';
site shop.test
page home
match GET /*
page heels
match GET /heels*
page cart
match GET /cart
END

my $t = Senda::Test->new;
my $app = $t->free_port;
$t->publish($rules);

my $shown = '[$senda_visitor] [$senda_tags] $senda_visits_heels';
my %conf = (
    senda => "senda on;\n    senda_site shop.test;\n    senda_consent always;\n    senda_trust_upstream on;",
    http => <<'END',
    map $arg_who $who { default "email=$arg_who%40example.com"; "" ""; nobody " "; phone "phone=600"; }
    map $arg_kept $kept { default ""; 1 "public, max-age=60"; }
END
    server => <<"END",
    location / {
        proxy_pass http://127.0.0.1:$app;
        proxy_set_header X-Before "$shown";
        add_header X-After "$shown" always;
    }
    location /untrusted/ { senda_trust_upstream off; proxy_pass http://127.0.0.1:$app; }
    location /no/ { senda_consent \$arg_ok; proxy_pass http://127.0.0.1:$app; }
END
    servers => <<"END",
    server {
        listen 127.0.0.1:$app;
        location / {
            add_header X-Senda-Contact \$who always;
            add_header Cache-Control \$kept;
            if (\$arg_moved) { return 302 /; }
            if (\$arg_broken) { return 500 "<p>x</p>"; }
            return 200 "<p>\$http_x_before</p>";
        }
    }
END
);
$t->start(%conf);

# The visitor that the variables name after a response, and what they say.
sub after { return $_[0]->header('X-After') =~ /^\[(\w*)\] \[(.*?)\] (\d+)$/ ? ($1, $2, $3) : () }
sub visitor { return (after($_[0]))[0] }

# A browser that has been around: known to live/, with three visits of heels.
sub browser {
    my $jar = {};
    $t->get('/heels', jar => $jar) for 1 .. 3;
    $t->wait_drained;
    $t->wait_for(sub { $t->get('/', jar => $jar); length $jar->{senda} == 48 }, 'the cookie lost its landing');
    $t->wait_drained;
    return $jar;
}

sub contacts { $t->wait_drained; return grep { defined $_->{contact} && length $_->{contact} } $t->journal }

subtest 'a login' => sub {
    my $jar = browser();
    my $before = visitor($t->get('/', jar => $jar));
    my $plain = $jar->{senda};
    my $r = $t->get('/?who=ana', jar => $jar);
    is(visitor($r), $before, 'the visitor stays');
    ok(defined $r->header('Set-Cookie'), 'the cookie bears a mark now');
    cmp_ok(length $jar->{senda}, '>', length $plain, '… and is longer for it');
    unlike($jar->{senda}, qr/ana/i, '… that names nobody');
    is($t->get('/?who=ana', jar => $jar)->header('Set-Cookie'), undef, 'said again: no other cookie');
    is($t->get('/?who=ANA', jar => $jar)->header('Set-Cookie'), undef, '… in capitals neither');
    is(visitor($t->get('/?who=%20ana', jar => $jar)), $before, '… and with a space it is the same');
    $t->get('/?who=phone', jar => $jar);
    is(visitor($t->get('/', jar => $jar)), $before, 'a header without e-mail names nobody else');
    my @said = contacts();
    is(scalar(grep { $_->{visitor} ne $before } @said), 0, 'all of it is this visitor\'s');
};

subtest 'another person on the same browser' => sub {
    my $jar = browser();
    my $r = $t->get('/?who=ana', jar => $jar);
    my $ana = visitor($r);
    is((after($r))[2], 3, 'Ana sees what she did');
    my $anas = $jar->{senda};

    $r = $t->get('/cart?who=eva', jar => $jar);
    my ($eva, undef, $heels) = after($r);
    is($eva, '', 'Eva is nobody that was here before');
    is($heels, 0, 'and sees nothing of Ana\'s in that very response');
    like($r->body, qr/\[$ana\]/, 'what was asked before the answer came was Ana\'s browser still');
    isnt($jar->{senda}, $anas, 'the cookie is another one');
    $t->wait_drained;
    my $said = (contacts())[-1];
    $eva = $said->{visitor};
    isnt($eva, '0' x 32, 'the login is recorded under a visitor …');
    isnt($eva, $ana, '… that is new');
    is($said->{keys}, 'home,cart', '… with the page that she saw');
    is($said->{contact}, 'email=eva%40example.com', '… and whose it is');
    is($t->counts->{$ana}{heels}, 3, 'Ana\'s history stays');
    is($t->counts->{$ana}{cart}, undef, '… hers alone');

    $t->get('/heels', jar => $jar);
    $t->wait_drained;
    (my $next, undef, $heels) = after($t->get('/', jar => $jar));
    is($next, $eva, 'the next pages are hers');
    is($heels, 1, 'from here on Eva has a history of her own');
    is($t->counts->{$eva}{cart}, 1, '… that begins with her login');
    is(scalar(grep { $_->{visitor} eq $eva && $_->{flags} & 1 } $t->journal), 0,
        'no landing is repeated');

    $r = $t->get('/?who=ana', jar => $jar);
    isnt(visitor($r), $eva, 'Ana again: not Eva');
    is((after($r))[2], 0, '… who shows her nothing');
};

subtest 'a landing that waits in the cookie stays the first one\'s' => sub {
    my $jar = {};
    $t->get('/heels', jar => $jar);
    my $first = $jar->{senda};
    my $r = $t->get('/?who=ana', jar => $jar); # not settled: live/ does not know the visitor yet
    my $ana = visitor($r);
    $r = $t->get('/cart?who=eva', jar => { senda => $jar->{senda} });
    my $eva = (contacts())[-1]{visitor};
    isnt($eva, $ana, 'another person');
    my @landings = grep { $_->{flags} & 1 && $_->{visitor} eq $eva } $t->journal;
    is(scalar(@landings), 0, 'the second one has no landing');
    is($t->counts->{$ana}{heels}, 1, 'it is the first one\'s, once');
    is($t->counts->{$eva}{heels}, undef, '… and not the second one\'s');
};

subtest 'where no cookie can be set' => sub {
    my $jar = browser();
    my $r = $t->get('/?who=ana', jar => $jar);
    my $ana = visitor($r);
    my $count = () = $t->journal;
    $r = $t->get('/cart?who=eva&kept=1', jar => $jar);
    is($r->header('Set-Cookie'), undef, 'a response that caches keep');
    is((after($r))[2], 0, 'shows nothing of Ana\'s');
    $t->wait_drained;
    my ($said) = ($t->journal)[-1];
    is($said->{contact}, 'email=eva%40example.com', 'the login is recorded');
    is($said->{visitor}, '0' x 32, '… of no visitor');
    is($said->{path}, '', '… without the page');
    is($t->counts->{$ana}{cart}, undef, 'Ana saw nothing of it');
};

subtest 'not believed' => sub {
    my $jar = browser();
    my $ana = visitor($t->get('/?who=ana', jar => $jar));
    $t->get('/untrusted/?who=eva', jar => $jar);
    is(visitor($t->get('/', jar => $jar)), $ana, 'where the upstream is not trusted');
    $t->get('/?who=eva&broken=1', jar => $jar);
    is(visitor($t->get('/', jar => $jar)), $ana, 'of an error page');
    $t->get('/no/?who=eva', jar => { %$jar });
    is(visitor($t->get('/', jar => $jar)), $ana, 'without consent');
};

subtest 'a login that is a redirect' => sub {
    my $jar = browser();
    my $ana = visitor($t->get('/?who=ana', jar => $jar));
    my $r = $t->get('/login?who=eva&moved=1', jar => $jar, body => 'x=y');
    is($r->status, 302, 'as most are');
    ok(defined $r->header('Set-Cookie'), 'the cookie is Eva\'s');
    isnt(visitor($t->get('/', jar => $jar)), $ana, 'and so is the next page');
};

# ---- the session, by what a cookie of a given age is answered with ----

# A cookie whose login was seen so many minutes ago.
sub cookie_of {
    my ($who, $minutes) = @_;
    my ($visitor, $value) = split ' ', $t->run($t->tool('tool_rules'), 'person', $t->store,
        "$who\@example.com", $minutes);
    return ($visitor, { senda => $value });
}

subtest 'the session in the cookie' => sub {
    # Not the outermost: the minute may end between the making and the request.
    for my $case ([0, 0], [3, 0], [6, 1], [28, 1], [31, 0], [600, 0]) {
        my ($minutes, $renewed) = @$case;
        my ($visitor, $jar) = cookie_of('ana', $minutes);
        my $r = $t->get('/', jar => $jar);
        is(visitor($r), $visitor, "last seen $minutes minutes ago: known");
        is(defined $r->header('Set-Cookie') ? 1 : 0, $renewed, "… its stamp renewed: $renewed");
    }
    my ($visitor, $jar) = cookie_of('ana', 31);
    ok(defined $t->get('/?who=ana', jar => $jar)->header('Set-Cookie'), 'a login begins a session');
    is($t->get('/', jar => $jar)->header('Set-Cookie'), undef, '… that is fresh');
    is(visitor($t->get('/', jar => $jar)), $visitor, '… of the same visitor');
};

subtest 'a logout' => sub {
    my ($visitor, $jar) = cookie_of('ana', 1);
    my $r = $t->get('/?who=nobody', jar => $jar);
    ok(defined $r->header('Set-Cookie'), 'an empty X-Senda-Contact ends the session in the cookie');
    is(visitor($r), $visitor, 'the visitor stays');
    is($t->get('/?who=nobody', jar => $jar)->header('Set-Cookie'), undef, 'said again: nothing to do');
    is($t->get('/', jar => $jar)->header('Set-Cookie'), undef, 'no page begins it again');
    $r = $t->get('/?who=ana', jar => $jar);
    is(visitor($r), $visitor, 'the same person comes back to her own history');
    ok(defined $r->header('Set-Cookie'), '… in a session');
    $r = $t->get('/out?who=nobody&moved=1', jar => $jar);
    ok(defined $r->header('Set-Cookie'), 'a logout may be a redirect');
    isnt(visitor($t->get('/?who=eva', jar => $jar)), $visitor,
        'the mark stays: after the logout another person is another visitor');
    my $refused = $t->rings->{header};
    $t->get('/?who=nobody');
    $t->wait_drained;
    is($t->rings->{header}, $refused, 'and nothing of it is counted as refused');
};

$t->done;
