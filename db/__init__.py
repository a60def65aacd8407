"""The database: typed models, the critical SQL, the services it runs on. Imports no other package of the project."""
