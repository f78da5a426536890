"""The benchmark: flowkit beside its floors and its peers, measured in one run (`make bench`)."""
