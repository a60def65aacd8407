"""One engine on one GPU and on two, through the queue: speeds, kills, searches, estimates."""
