"""Problems with reference paths: schema, loader, validator, importers and the shipped sets."""
