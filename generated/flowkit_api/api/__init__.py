"""The operations of the contract, one package a tag."""
