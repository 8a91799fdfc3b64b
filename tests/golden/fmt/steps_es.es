sitio a.example.com
  moneda EUR
página cesta     /cesta                                                   es view_cart
página ficha     /producto/{item}                                         es view_item
página gracias   /gracias                                                 es purchase
página registro  POST /registro  formulario email={email} nombre={name}   es sign_up
página baja      POST /baja  formulario email={email}
evento envio desde api con order texto, peso número y dia fecha
lugar centro       40.4168, -3.7038  radio 2 km
lugar playa_larga  39.47, -0.37      radio 300 m
campo talla    número
campo interes  texto
puntos 1    cuando abre email
puntos +15  cuando compra 3 veces en 6 meses   una vez
puntos -5   cuando no visita en 60 días        cada 60 días
etiqueta lectora  cuando pasa más de 1 min en ficha durante 1 mes
etiqueta x        cuando hace clic
etapa nuevo  si puntos < 10
etapa fan    si puntos >= 50 o (etiqueta x y no tiene teléfono)
segmento vip     = total de compra > 1000 EUR
segmento viejos  = última compra hace más de 24 horas y vip
límite email 1 por día
límite sms 2 por semana
silencio 21:00-09:00
grupo de control 2,5%
muestra a           en cabecera si en vip
muestra invitacion  en pie
flujo uno
  empieza cuando visita ficha de 3 item distintos y no compra en 1 hora
  repite siempre
  solo si visita en 2 días distintos y talla >= 38,5
  reparte
    # la mitad
    50%
      # dentro
      envía email uno
      si no compra
        espera 1 día
      si no
        espera hasta 09:30 entre semana
      fin
      # al final de la mitad
    25% cupón HOLA válido 1 semana
    12.5%
      reparte
        50% envía sms dos
      fin
  fin
  espera hasta visita gracias máximo 3 días
  pon talla 38
  pon interes "zapatos"
  quita etiqueta x
  avisa ana@example.com
  llama https://a.example.com/x
  sal

flujo dos
  empieza cada día a las 09:05 para vip
  repite nunca
  recomienda 4 más vendidos de ficha
  envía email tres

prueba "con lo que trae"
  contacto ana@example.com con talla=38 interes=zapatos
  compra con total=59,90 item=rojo-37 a las 10:00
  visita POST /registro con nombre="Ana María"
  recibe cupón HOLA
  se cumple puntos >= 0 a las 11:00 del día 2
