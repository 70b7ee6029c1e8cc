"""What users declare: frozen models that know their place in the source. No AWS library is imported here."""
