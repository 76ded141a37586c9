"""The stages of the pipeline, one thin script each: read parameters and inputs, call the library, write."""
