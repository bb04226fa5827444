"""The web stage: the API that people, screens and programs read and change Tocsin by."""
