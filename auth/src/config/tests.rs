use super::*;

const GOOD: [(&str, &str); 3] = [
    ("DATABASE_URL", "postgres://auth:pw@db.example.org/platform"),
    ("REDIS_URL", "redis://:pw@redis.example.org/0"),
    ("JWT_SECRET", "0b1c2d3e4f5061728394a5b6c7d8e9f00b1c2d3e"),
];

fn read(changes: &[(&str, &str)]) -> Result<Config, String> {
    let var = |name: &str| {
        let all = changes.iter().chain(&GOOD);
        let value = all.into_iter().find(|(other, _)| *other == name);
        value.map(|(_, value)| (*value).to_owned())
    };
    Config::from_vars(var).map_err(|problems| problems.to_string())
}

fn problems(changes: &[(&str, &str)]) -> String {
    read(changes).map(|_| ()).unwrap_err()
}

#[test]
fn three_settings_are_enough() {
    let config = read(&[]).map_err(|_| ()).unwrap();
    assert_eq!(config.port, 3001);
    assert_eq!(config.rates.strict, "5/15m".parse().unwrap());
    assert_eq!(config.lives.access, time::Duration::minutes(15));
    assert_eq!((config.chains.first(), config.chains.allow(2)), (1, false));
}

#[test]
fn everything_wrong_is_said_at_once_without_the_values() {
    insta::assert_snapshot!(problems(&[
        ("DATABASE_URL", ""),
        ("REDIS_URL", ""),
        ("JWT_SECRET", "hunter2"),
        ("APP_URL", "https://hunter2.example.org/path"),
        ("CHAIN_IDS", "1,hunter2"),
        ("ETH_RPC_URLS", "1=file:///etc/passwd"),
        ("REFRESH_TOKEN_LIFE", "1m"),
    ]), @r"
    DATABASE_URL is not set; it must be postgres://user:password@host:5432/database
    JWT_SECRET is malformed; it must be at least 32 random bytes as text, the same for auth and backend; make one with: openssl rand -hex 32
    APP_URL is malformed; it must be the site in a browser: scheme://host[:port]
    CHAIN_IDS is malformed; it must be a list of EIP-155 chain ids, the default one first, such as 1,8453
    ETH_RPC_URLS is malformed; it must be a list of chain=URL, such as 1=https://rpc.example.org,8453=https://base.example.org; without it contract wallets cannot sign in
    ACCESS_TOKEN_LIFE, REFRESH_TOKEN_LIFE and SESSION_LIFE must grow in this order
    REDIS_URL is not set; it must be redis://:password@host:6379/0 (only ENVIRONMENT=development does without)
    ");
}

#[test]
fn the_start_fails_without_a_secret_or_with_a_known_one() {
    for bad in ["", "change-me-change-me-change-me-change-me", "0123456789012345678901234567890"] {
        assert!(problems(&[("JWT_SECRET", bad)]).starts_with("JWT_SECRET is "), "{bad}");
    }
}

#[test]
fn only_development_does_without_redis() {
    let bare = [("REDIS_URL", "")];
    assert!(problems(&bare).starts_with("REDIS_URL is not set"));
    assert!(read(&[bare[0], ("ENVIRONMENT", "development")]).is_ok());
}

#[test]
fn an_origin_is_kept_without_its_default_port_and_slash() {
    let origin = "https://App.Example.org:443/".parse::<Origin>().unwrap();
    assert_eq!(
        (origin.authority(), origin.as_str()),
        ("app.example.org", "https://app.example.org")
    );
    for bad in
        ["example.org", "ftp://example.org", "https://user@example.org", "https://example.org/?"]
    {
        assert!(bad.parse::<Origin>().is_err(), "{bad}");
    }
}
