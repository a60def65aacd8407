"""The report page: rows into one document, the document into one file without a network."""
