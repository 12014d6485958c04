"""How the dataset comes onto this machine: downloaded by HTTP, resumed where it was cut, unpacked, put in place."""
