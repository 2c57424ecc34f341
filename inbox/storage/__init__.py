"""The contract of the storage, one module a noun; `inbox.repository` puts them together."""
