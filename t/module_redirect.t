# X-Accel-Redirect: what the shop's application says in the response that sends nginx to another
# location is taken in where that location answers, believed where the first one is trusted, and
# never seen by the client.

use strict;
use warnings;
use lib 't/lib';
use Senda::Test;
use Test::More;

my $rules = <<'END';
site shop.test
page home
match GET /
page cart
match GET,POST /app*
page thanks
match GET /*thanks*
event walks_by
END

my $t = Senda::Test->new;
my $app = $t->free_port;
$t->publish($rules);
$t->page('thanks.html', '<p>thanks</p>');
$t->start(
    http => <<'END',
    map $arg_n $who { default "email=user$arg_n%40example.com"; "" ""; out "%20"; }
END
    server => <<"END",
    senda_trust_upstream on;
    location /app { proxy_pass http://127.0.0.1:$app; }
    location /app-untrusted { senda_trust_upstream off; proxy_pass http://127.0.0.1:$app; }
    location /app-off { senda off; proxy_pass http://127.0.0.1:$app; }
    location = /thanks.html { internal; }
    location = /moved { internal; rewrite ^ /thanks.html last; }
    location = /own { internal; add_header X-Senda-Event walks_by; add_header X-Senda-Contact "email=own\@example.com"; return 200 "<p>own</p>"; }
    location = /again { internal; proxy_pass http://127.0.0.1:$app/again; }
    location = /again-untrusted { internal; senda_trust_upstream off; proxy_pass http://127.0.0.1:$app/again; }
    location = /nowhere.html { internal; }
    location \@named { return 200 "<p>named</p>"; }
END
    servers => <<"END",
    server {
        listen 127.0.0.1:$app;
        location /app {
            add_header X-Accel-Redirect \$arg_to always;
            add_header X-Senda-Contact \$who always;
            add_header X-Senda-Event \$arg_e always;
            if (\$arg_status = 500) { return 500 "<p>x</p>"; }
            return 200 "<p>app</p>";
        }
        location /again { add_header X-Senda-Event walks_by; return 200 "<p>again</p>"; }
    }
END
);

sub seen {
    my ($path, %o) = @_;
    $t->wait_drained;
    my $from = () = $t->journal;
    my $r = $t->get($path, %o);
    is(join('|', grep { /^x-senda/i } @{ $r->{lines} }), '', "$path: hidden from the client");
    $t->wait_drained;
    my @all = $t->journal;
    return ($r, @all[$from .. $#all]);
}

for my $case (
    ['/thanks.html', 'thanks', 'a file'],
    ['/moved', 'thanks', 'a file behind a rewrite'],
    ['@named', 'named', 'a named location'],
    ['/own', 'own', 'a location with headers of its own'],
) {
    my ($to, $body, $what) = @$case;
    my ($r, @v) = seen("/app?n=1&e=purchase;order=1&to=$to");
    like($r->body, qr/$body/, "$what: served");
    is(scalar(@v), 1, "$what: one record");
    is($v[0]{contact}, 'email=user1%40example.com', "$what: the contact");
    is($v[0]{event}, 'purchase;order=1', "$what: the event");
    is($v[0]{keys}, 'cart,purchase', "$what: the page that was asked for");
    like($r->header('Set-Cookie'), qr/^senda=/, "$what: at once, with a cookie");
}

my ($r, @v) = seen('/app?n=2&e=purchase;order=2&to=/again');
like($r->body, qr/again/, 'another upstream answers');
is_deeply([map { $_->{event} } @v], ['walks_by', 'purchase;order=2'], 'both are believed');
is($v[0]{contact}, 'email=user2%40example.com', 'with the contact of the first');
($r, @v) = seen('/app?n=2&e=purchase;order=2&to=/again-untrusted');
is_deeply([map { $_->{event} } @v], ['purchase;order=2'], 'one that is not trusted adds nothing');

for my $path ('/app-untrusted', '/app-off') {
    ($r, @v) = seen("$path?n=3&e=purchase;order=3&to=/thanks.html");
    like($r->body, qr/thanks/, "$path: served");
    is_deeply([grep { $_->{flags} & 12 } @v], [], "$path: not believed");
    ($r, @v) = seen("$path?n=3&to=/own");
    is_deeply([grep { $_->{flags} & 12 } @v], [], "$path: nor what nginx says itself") if $path eq '/app-off';
}

($r, @v) = seen('/app?n=4&e=purchase;order=4&to=/nowhere.html');
is($r->status, 404, 'a file that is not there');
is_deeply([grep { $_->{flags} & 12 } @v], [], 'an error is no statement');
($r, @v) = seen('/app?n=4&e=purchase;order=4&to=/thanks.html&status=500');
is_deeply([grep { $_->{flags} & 12 } @v], [], 'nor is one of the application');

# Who logs in, and out, by such a response.
my %jar;
seen('/app?n=5&to=/thanks.html', jar => \%jar);
my $first = $jar{senda};
(undef, @v) = seen("/app?n=6&to=/thanks.html", jar => \%jar);
isnt($jar{senda}, $first, 'another person: another cookie');
is(scalar(keys %{ { map { $_->{visitor} => 1 } @v } }), 1, 'of a visitor of its own');

$t->done;
