" Senda rule files. Made from the table of words: senda words --vim

if exists("b:current_syntax")
  finish
endif

syn case ignore
syn iskeyword @,48-57,_,-,192-255

syn match sendaOperator /\<\%(desde\s\+el\s\+comienzo\|desde\s\+el\s\+inicio\|since\s\+the\s\+start\|transaccional\|transactional\|como\s\+m[ií]nimo\|desde\s\+la\s\+api\|from\s\+the\s\+api\|por\s\+lo\s\+menos\|despu[eé]s\s\+de\|exactamente\|since\s\+start\|de\s\+la\s\+api\|dentro\s\+de\|desde\s\+api\|more\s\+than\|al\s\+menos\|at\s\+least\|del\s\+d[ií]a\|from\s\+api\|el\s\+d[ií]a\|exactly\|m[aá]s\s\+de\|pasados\|siempre\|always\|cuando\|on\s\+day\|within\|a\s\+las\|after\|never\|nunca\|times\|veces\|a\s\+la\|time\|tras\|when\|with\|and\|con\|not\|vez\|at\|en\|no\|or\|o\|y\)\>/
syn match sendaNumber /\<\%(segundos\|minutes\|minutos\|seconds\|segundo\|semanas\|minute\|minuto\|months\|second\|semana\|a[nñ]os\|d[ií]as\|horas\|hours\|meses\|month\|weeks\|years\|a[nñ]o\|days\|d[ií]a\|hora\|hour\|mins\|week\|year\|day\|mes\|min\|d\|h\|s\)\>/
syn match sendaIdentifier /\<\%(webpush\|correo\|e-mail\|email\|push\|sms\)\>/
syn match sendaType /\<\%(excepto\|n[uú]mero\|except\|number\|fecha\|menos\|salvo\|texto\|POST\|date\|text\|GET\|es\|is\)\>/
syn match sendaFunction /\<\%(a[nñ]ade\s\+a\s\+la\s\+lista\s\+de\s\+deseos\|da\s\+los\s\+datos\s\+de\s\+env[ií]o\|da\s\+sus\s\+datos\s\+de\s\+env[ií]o\|gives\s\+shipping\s\+details\|gives\s\+payment\s\+details\|removes\s\+from\s\+the\s\+cart\|adds\s\+to\s\+the\s\+wishlist\|da\s\+los\s\+datos\s\+de\s\+pago\|da\s\+sus\s\+datos\s\+de\s\+pago\|elige\s\+una\s\+promoci[oó]n\|begins\s\+the\s\+checkout\|removes\s\+from\s\+basket\|selects\s\+a\s\+promotion\|adds\s\+shipping\s\+info\|adds\s\+payment\s\+info\|a[nñ]ade\s\+a\s\+la\s\+cesta\|a[nñ]ade\s\+al\s\+carrito\|elige\s\+un\s\+producto\|quita\s\+de\s\+la\s\+cesta\|quita\s\+del\s\+carrito\|removes\s\+from\s\+cart\|selects\s\+promotion\|adds\s\+to\s\+the\s\+cart\|adds\s\+to\s\+wishlist\|elige\s\+promoci[oó]n\|mete\s\+en\s\+la\s\+cesta\|saca\s\+de\s\+la\s\+cesta\|a[nñ]ade\s\+a\s\+deseos\|begins\s\+checkout\|empieza\s\+el\s\+pago\|selects\s\+an\s\+item\|starts\s\+checkout\|adds\s\+to\s\+basket\|elige\s\+producto\|inicia\s\+el\s\+pago\|inicia\s\+sesi[oó]n\|ve\s\+un\s\+producto\|views\s\+the\s\+cart\|gets\s\+a\s\+refund\|se\s\+identifica\|ve\s\+el\s\+carrito\|views\s\+an\s\+item\|adds\s\+to\s\+cart\|selects\s\+item\|ve\s\+una\s\+lista\|views\s\+a\s\+list\|views\s\+basket\|is\s\+refunded\|se\s\+registra\|se\s\+suscribe\|ve\s\+la\s\+cesta\|ve\s\+producto\|subscribes\|views\s\+cart\|views\s\+item\|views\s\+list\|purchases\|devuelve\|searches\|signs\s\+up\|ve\s\+lista\|logs\s\+in\|compra\|visita\|visits\|busca\|visit\|buys\)\>/
syn match sendaKeyword /^\s\+\zs\%(no\s\+tiene\s\+la\s\+etiqueta\|does\s\+not\s\+have\s\+tag\|no\s\+tiene\s\+etiqueta\|tiene\s\+la\s\+etiqueta\|tiene\s\+etiqueta\|does\s\+not\s\+get\|nunca\s\+recibe\|has\s\+the\s\+tag\|has\s\+no\s\+tag\|never\s\+gets\|no\s\+recibe\|contacto\|receives\|contact\|gets\s\+no\|has\s\+tag\|recibe\|visita\|visits\|visit\|gets\)\>/
syn match sendaKeyword /^\s\+\zs\%(en\s\+otro\s\+caso\|otherwise\|comienza\|objetivo\|empieza\|termina\|env[ií]a\|espera\|repite\|starts\|acaba\|again\|manda\|sends\|si\s\+no\|start\|stops\|waits\|else\|goal\|send\|sino\|stop\|wait\|end\|fin\|if\|si\)\>/
syn match sendaType /^\s\+\zs\%(huso\s\+horario\|zona\s\+horaria\|time\s\+zone\|currency\|language\|timezone\|divisa\|idioma\|moneda\|zona\|zone\)\>/
syn match sendaStatement /^\%(sitio\s\+web\|etiqueta\|p[aá]ginas\|p[aá]gina\|website\|evento\|prueba\|suceso\|event\|flujo\|pages\|sitio\|flow\|page\|site\|test\|tag\)\>/
syn match sendaNumber /[+-]\=\<\d\+\%([.,]\d\+\)\=\>%\=/
syn match sendaNumber /\<\d\{1,2}:\d\d\>/
syn match sendaNumber /\<\d\{4}-\d\d-\d\d\>/
syn match sendaPattern /\%(https\=:\/\)\=\/[^ \t,]*/ contains=sendaCapture
syn match sendaCapture /{#\=[^} \t]*}/
syn region sendaString start=/"/ end=/"/ oneline contains=sendaCapture
syn region sendaString start=/«/ end=/»/ oneline contains=sendaCapture
syn match sendaComment /\%(^\|\s\)\zs#.*$/ contains=@Spell

hi def link sendaStatement Statement
hi def link sendaType Type
hi def link sendaKeyword Keyword
hi def link sendaFunction Function
hi def link sendaIdentifier Identifier
hi def link sendaNumber Number
hi def link sendaOperator Operator
hi def link sendaPattern Constant
hi def link sendaCapture Special
hi def link sendaString String
hi def link sendaComment Comment

let b:current_syntax = "senda"
