-- A copy for tests must not speak to WeChat in the merchant's name.
UPDATE distribution_wechat_account
   SET app_secret_encrypted = NULL,
       access_token_encrypted = NULL,
       active = FALSE;
