sitio tienda.example.com
  idioma es
página alta POST /alta  formulario ok={ok} nok={nok} es sign_up
campo ok   texto
campo nok  texto
flujo envios
  empieza cuando se registra
  repite nunca
  espera hasta 10:00 los sábados y domingos
  espera hasta 10:00 los lunes, viernes
  espera hasta 10:00 los lunes
  espera hasta 10:00 de sábado a domingo
  espera hasta 10:00 los sábados y los domingos
  envía email uno
prueba partes
  contacto +34600111222 con ok=si
  visita POST /alta con ok=sí nok=on a las 10:00
  compra con order=y item="de"
  no recibe email uno a las 09:00 del día 4
  recibe email uno a las 10:00 del día 6 con recomendaciones
