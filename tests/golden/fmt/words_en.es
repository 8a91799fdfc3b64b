sitio shop.example.com, example.com
  zona    Europe/London
  moneda  GBP
  idioma  en
página cart    /cart     es view_cart
página thanks  /thanks   es purchase
evento shipped desde api con order texto
etiqueta vip cuando compra 3 veces o añade a la cesta más de 1 vez en 7 días
flujo aftermath transaccional
  empieza cuando shipped o no visita cart en 1 semana
  repite siempre
  termina si no tiene etiqueta vip o no tiene etiqueta vip
  envía email one
  espera 1 hora
  si nunca compra desde el inicio y no (visita "https://shop.example.com/running*" o visita /x(y) )
    envía email two
  si no
    espera 15 min
  fin
prueba one
  compra 2 veces a las 09:00 del día 1
  visita /cart?x=1 3 veces
  no recibe email one
