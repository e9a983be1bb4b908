"""The cameras in the gateway, and the clients of the services behind them."""
