"""The cameras as the gateway knows them, and the clients of the services behind them."""
