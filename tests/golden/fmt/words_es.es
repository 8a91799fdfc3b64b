sitio www.zapateria.com, zapateria.com
  zona    Europe/Madrid
  moneda  EUR
  idioma  es

página cesta    /mi_cesta                                   es view_cart
página portada  /
página gracias  /gracias*, GET /thanks*  salvo /gracias/x   es purchase
página "de"     POST /de
evento envio    desde api con order texto y talla número
evento llegada  desde api
etiqueta vestir  cuando visita cesta más de 1 vez en 1 día
etiqueta vip     cuando compra al menos 3 veces en 24 horas
flujo bienvenida
  empieza cuando se registra
  repite tras 1 semana
  termina si (compra o etiqueta vip) y nunca devuelve
  objetivo compra en 1 año
  envía email bienvenida-1
  espera 1 día
  si no tiene etiqueta vip
    si no compra exactamente 1 vez
      envía email dos
    si no
      espera 90 min
    fin
  si no
    espera 3 meses
  fin
prueba «de la "gran" tienda»
  contacto ana@example.com
  visita POST /de 1 vez a las 09:05
  visita /mi_cesta a las 10:00 del día 2
  se registra
  no recibe email dos
  tiene etiqueta vip
