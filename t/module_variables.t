# $senda_visitor, $senda_tags, $senda_visits_NAME: what is known with this very request, in every
# place of nginx that reads variables.

use strict;
use warnings;
use lib 't/lib';
use Senda::Test;
use Test::More;

my $rules = <<'END';
site shop.test
page home
match GET /
page heels
match GET /heels*
page cart
match GET /cart
page two-words
match GET /two
page product view_item
match GET /product/{item}
tag dressy heels 4
tag keen any 6
tag hasty cart 3 3600
tag vip
END

my $t = Senda::Test->new;
my $app = $t->free_port;
$t->publish($rules);
$t->page('heels/ssi.html', '<p><!--#echo var="senda_tags" default="-" --> '
    . '<!--#echo var="senda_visits_heels" default="-" --> <!--#include virtual="/part.html" --></p>');
$t->page('part.html', '<!--#echo var="senda_visits_heels" default="-" -->');
$t->page('heels/sub.html', '<p>BANNER</p>');
$t->start(
    http => <<'END',
    map $senda_tags $banner { default "none"; "~\bdressy\b" "the dressy banner"; }
END
    server => <<"END",
    location / { default_type text/html; return 200 "[\$senda_tags] \$senda_visits_heels \$senda_visits_cart \$senda_visits_home \$senda_visits_nothing"; }
    location = /heels/banner { return 200 "\$banner"; }
    location = /heels/if {
        set \$answer no;
        if (\$senda_tags ~ dressy) { set \$answer yes; }
        return 200 "\$answer";
    }
    location = /heels/header { add_header X-Tags "\$senda_tags" always; return 200 "x"; }
    location = /heels/ssi.html { ssi on; ssi_silent_errors off; }
    location = /part.html { ssi on; }
    location = /heels/sub.html { sub_filter BANNER \$banner; }
    location = /heels/proxied { proxy_set_header X-Tags \$senda_tags; proxy_set_header X-Visits \$senda_visits_heels; proxy_pass http://127.0.0.1:$app; }
    location = /heels/error { add_header X-Visits \$senda_visits_heels always; return 503 "x"; }
    location = /heels/dry { senda dry_run; return 200 "[\$senda_tags] \$senda_visits_heels"; }
    location = /heels/off { senda off; return 200 "[\$senda_tags] [\$senda_visitor] \$senda_visits_heels"; }
    location = /heels/redirected { set \$early "\$senda_visits_heels"; rewrite ^ /after last; }
    location = /after { internal; return 200 "\$early \$senda_visits_heels \$senda_visits_cart"; }
    location = /cart { return 200 "\$senda_visits_cart [\$senda_tags]"; }
    location = /two { return 200 "\$senda_visits_two_words"; }
    location = /visitor { add_header X-Visitor "\$senda_visitor"; return 200 "[\$senda_visitor]"; }
END
    servers => <<"END",
    server {
        listen 127.0.0.1:$app;
        location / { return 200 "got [\$http_x_tags] \$http_x_visits"; }
    }
END
);

# Three heel pages, drained: the fourth crosses the threshold.
sub three_heels {
    my ($jar) = @_;
    $t->get('/heels/a', jar => $jar) for 1 .. 3;
    $t->wait_drained;
}

subtest 'the threshold is crossed by this very request' => sub {
    my $jar = {};
    is($t->get('/heels/1', jar => $jar)->body, '[] 1 0 0 0', 'the first: the cookie has not come back');
    is($t->get('/heels/2', jar => $jar)->body, '[] 2 0 0 0', 'the second: the landing and this one');
    $t->wait_drained;
    is($t->get('/heels/banner', jar => $jar)->body, 'none', 'the third: no banner');
    $t->wait_drained;
    is($t->get('/heels/banner', jar => $jar)->body, 'the dressy banner', 'the fourth: the banner');
    $t->wait_drained;
    is($t->get('/', jar => $jar)->body, '[dressy] 4 0 1 0', 'and it stays');
    $t->wait_drained;
    is($t->get('/', jar => $jar)->body, '[dressy, keen] 4 0 2 0', 'a tag on any page');
    my ($visitor) = keys %{ $t->counts };
    $t->wait_drained;
    is($t->counts->{$visitor}{'+dressy'}, 1, 'the store has given it too');
};

subtest 'everywhere' => sub {
    for my $case (['/heels/if', 'yes'], ['/heels/banner', 'the dressy banner'],
        ['/heels/sub.html', '<p>the dressy banner</p>'], ['/heels/proxied', 'got [dressy] 4'],
        ['/heels/ssi.html', '<p>dressy 4 4</p>'])
    {
        my ($path, $body) = @$case;
        my $jar = {};
        three_heels($jar);
        is($t->get($path, jar => $jar)->body, $body, $path);
    }
    my $jar = {};
    three_heels($jar);
    is($t->get('/heels/header', jar => $jar)->header('X-Tags'), 'dressy', 'add_header');
    is($t->get('/two', jar => $jar)->body, 1, 'a page whose name has a dash');
    is($t->get('/heels/redirected', jar => $jar)->body =~ s/^(\d+) \1 /same /r, 'same 0',
        'the same before and after an internal redirect');
};

subtest 'what is not counted is not applied' => sub {
    my $jar = {};
    three_heels($jar);
    is($t->get('/heels/error', jar => $jar)->header('X-Visits'), 3, 'an error');
    is($t->get('/heels/dry', jar => $jar)->body, '[] 3', 'a dry run');
    is($t->get('/heels/off', jar => $jar)->body, '[] [] 0', 'off');
    is($t->get('/heels/1', jar => $jar, headers => ['Sec-Purpose' => 'prefetch'])->body,
        '[] 3 0 0 0', 'a prefetch');
    is($t->get('/heels/1', jar => $jar, headers => ['User-Agent' => 'curl/8'])->body,
        '[] 0 0 0 0', 'a bot');
    is($t->get('/heels/1', jar => $jar, host => 'shop.test', body => 'x')->body, '[] 3 0 0 0',
        'a form sent to it');
    $t->wait_drained;
    my @dry = grep { $_->{flags} & 16 } $t->journal;
    is(scalar(@dry), 1, 'the dry run is in the journal');
    is($t->get('/heels/4', jar => $jar)->body, '[dressy] 4 0 0 0', 'now the fourth');
    is($t->get('/heels/1', jar => $jar, headers => ['Sec-GPC' => 1])->body, '[] 0 0 0 0',
        'without consent');
};

subtest 'a window' => sub {
    my $jar = {};
    for my $i (1 .. 3) {
        is($t->get('/cart', jar => $jar)->body, $i < 3 ? "$i []" : '3 [hasty]', "cart $i");
        $t->wait_drained;
    }
};

subtest 'tags that a flow gave' => sub {
    my $jar = {};
    three_heels($jar);
    my $visitor = $t->get('/visitor', jar => $jar)->body =~ s/[\[\]]//gr;
    like($visitor, qr/^[0-9a-f]{32}$/, 'the visitor');
    $t->run($t->tool('tool_known'), 'set', $t->store, $visitor, 'vip', 'dressy');
    $t->share_published;
    $t->wait_for(sub { $t->get('/heels/4', jar => $jar)->body =~ /vip/ }, 'the tag is there');
    like($t->get('/heels/4', jar => $jar)->body, qr/^\[dressy, (?:keen, )?vip\]/, 'each tag once, ours first');
};

subtest 'the visitor' => sub {
    my $jar = {};
    my $r = $t->get('/visitor', jar => $jar);
    is($r->body, '[]', 'nobody yet, while the page is made');
    $r = $t->get('/visitor', jar => $jar);
    like($r->body, qr/^\[[0-9a-f]{32}\]$/, 'known when the cookie came back');
    is('[' . $r->header('X-Visitor') . ']', $r->body, 'the same in the headers');
};

$t->done;
